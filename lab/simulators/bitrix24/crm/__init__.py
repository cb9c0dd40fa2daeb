"""CRM: deals, contacts, companies, smart processes."""
