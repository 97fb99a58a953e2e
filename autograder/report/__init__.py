"""Results and what people read of them: result files, feedback, class page, spreadsheet."""
