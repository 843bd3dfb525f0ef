"""What a chat action needs: stream a reply, ask a model, know who is asking.

Each action that imports it has a copy of the whole folder, because a deployment packs each action's folder
alone. Edit it at the root of the repository only, then run `python3 -m localops sync`. It needs nothing but
the standard library.

    from mastro.streaming import reply

    def main(args):
        return reply(args, lambda answer: answer.write(f"Hello, {args.get('input') or 'world'}"))

| module | what it is for |
|---|---|
| `streaming` | `reply` sends what your function writes, as it does; `whole` is for what does not stream |
| `chat.turn` | `Turn`: one message of a chat with a model, from the login to the last token |
| `chat.models` | which model a person chooses: `llama`, `deepseek`, `@` |
| `chat.standing` | which model servers answer, for a load balancer or a script |
| `chat.stop_key` | stop a reply from another connection, by a key in Redis |
| `providers` | the model servers: where they are, how they are asked, what they answer, what they fail with |
| `session` | `admitted`: who is asking, by the token that `mastrogpt/login` issued |
| `redis_store` | keep small things in Redis |
| `arguments`, `settings` | read what a client sent, and what the deployment set |
| `log` | warn whoever runs the chat |
"""
