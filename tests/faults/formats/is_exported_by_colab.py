"""Is exported as a script by Colab."""

# expect: full
# form: colab
