"""Results as people read them: sentences, tables, and cells that are safe in a spreadsheet."""
