"""Bytes of files: the same for the same seed, valid for their type, and small."""

import random
import struct
import zlib

_AC_END = b"\x10" + b"\x01" + bytes(15) + b"\x00"  # one code, one bit long: the end of a block
_DC = b"\x00" + bytes([0, 1, 5, 1, 1, 1, 1, 1, 1, *([0] * 7)]) + bytes(range(12))
_DC_CODES = {0: "00", 1: "010", 2: "011", 3: "100", 4: "101", 5: "110", 6: "1110", 7: "11110", 8: "111110"}
_BLOCK = 8


def content(kind: str, seed: int) -> bytes:
    """``kind`` is a file extension."""
    chance = random.Random(f"{kind}{seed}")
    if kind == "png":
        return _png(chance)
    if kind in ("jpg", "jpeg"):
        return _jpeg(chance)
    if kind == "gif":
        return _gif(chance)
    if kind == "pdf":
        return b"%PDF-1.4\n" + chance.randbytes(chance.randint(200, 4000)) + b"\n%%EOF\n"
    if kind == "txt":
        return b"" if seed % 40 == 0 else f"\ufeffЗаметка {seed}\r\n".encode() * chance.randint(1, 30)
    return b"PK\x03\x04" + chance.randbytes(chance.randint(100, 9000))


def picture(path: str) -> bytes:
    """A picture by its address: its last part is a name with an extension."""
    return content(path.rpartition(".")[2].lower(), zlib.crc32(path.encode()))


def _png(chance: random.Random) -> bytes:
    width, height = chance.randint(1, 40), chance.randint(1, 30)
    lines = b"".join(b"\x00" + chance.randbytes(3 * width) for _ in range(height))
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(lines, 9)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, data) for name, data in chunks)


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def _jpeg(chance: random.Random) -> bytes:
    """Grey blocks: of every block only the mean is coded."""
    across, down = chance.randint(1, 4), chance.randint(1, 4)
    bits, last = "", 0
    for _ in range(across * down):
        level = chance.randint(-120, 120)
        bits += _difference(level - last) + "0"
        last = level
    bits += "1" * (-len(bits) % _BLOCK)
    scan = int(bits, 2).to_bytes(len(bits) // _BLOCK, "big").replace(b"\xff", b"\xff\x00")
    size = struct.pack(">BHHB", 8, down * _BLOCK, across * _BLOCK, 1)
    parts = [
        (b"\xe0", b"JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00"),
        (b"\xfe", f"picture {chance.getrandbits(64):x}".encode()),
        (b"\xdb", b"\x00" + bytes([8] * 64)),
        (b"\xc0", size + b"\x01\x11\x00"),
        (b"\xc4", _DC),
        (b"\xc4", _AC_END),
        (b"\xda", b"\x01\x01\x00\x00\x3f\x00"),
    ]
    head = b"".join(b"\xff" + mark + struct.pack(">H", len(data) + 2) + data for mark, data in parts)
    return b"\xff\xd8" + head + scan + b"\xff\xd9"


def _difference(value: int) -> str:
    size = abs(value).bit_length()
    if not size:
        return _DC_CODES[0]
    return _DC_CODES[size] + format(value if value > 0 else value + (1 << size) - 1, f"0{size}b")


def _gif(chance: random.Random) -> bytes:
    """Two colours. A clear code before every pixel keeps the codes at three bits."""
    width, height = chance.randint(1, 12), chance.randint(1, 12)
    codes = [code for _ in range(width * height) for code in (4, chance.randint(0, 1))]
    number = sum(code << (3 * place) for place, code in enumerate([*codes, 5]))
    data = number.to_bytes((3 * (len(codes) + 1) + 7) // 8, "little")
    blocks = b"".join(bytes([len(data[at : at + 255])]) + data[at : at + 255] for at in range(0, len(data), 255))
    size = struct.pack("<HH", width, height)
    colours = chance.randbytes(12)
    return b"GIF89a" + size + b"\x81\x00\x00" + colours + b"\x2c" + bytes(4) + size + b"\x00\x02" + blocks + b"\x00\x3b"
