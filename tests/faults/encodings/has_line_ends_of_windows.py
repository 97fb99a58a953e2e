"""Has the line ends of Windows."""

# expect: full
# form: crlf
