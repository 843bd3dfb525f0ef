"""The making of the built-in model: its text, and the way from the text to the weights.

    reproduce -> train, export, evaluate -> network, tokenizer, conversation -> disguise, teachers -> text

`evaluate` runs with what the project needs anyway. The others need PyTorch, tokenizers, gguf and numpy, which
nothing else here installs; README.md says how.
"""
