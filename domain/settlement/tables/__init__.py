"""CSV and XLSX files as rows of cells."""
