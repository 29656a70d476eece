"""The roster import: `reader` reads the workbook, `checker` checks it, `staging` compares it with the
database and writes it, `annotate` makes the workbook that is given back."""
