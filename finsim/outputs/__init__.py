"""Where results go: the terminal, tidy data, the workbook."""
