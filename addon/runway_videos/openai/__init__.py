"""OpenAI's side: routes, messages, the video's shape, and who may call."""
