"""What a person sees: plain text and tables for a terminal of any width, colour and character set."""
