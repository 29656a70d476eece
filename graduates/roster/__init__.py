"""The roster import: `reader` reads the workbook, `checker` checks it, `repeated` accepts rows that
repeat what is stored, `staging` compares with the database and writes, `annotate` makes the workbook
that is given back."""
