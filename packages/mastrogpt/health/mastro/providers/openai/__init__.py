"""Every server that speaks OpenAI's protocol, and two that speak it in their own way."""
