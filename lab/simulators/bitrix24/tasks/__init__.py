"""Tasks, their checklists and their old comments."""
