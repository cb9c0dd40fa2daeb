"""Bitrix24 Cloud to the on-premises import gateway."""
