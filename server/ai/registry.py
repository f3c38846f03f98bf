"""Which provider serves which model, from the settings."""

from server.ai.minilm import MiniLM
from server.ai.ollama_provider import OllamaChat, OllamaEmbeddings
from server.ai.providers import ChatProvider, EmbeddingProvider
from server.config import Settings
from server.data_folder import DataFolder
from server.errors import InvalidArgument, StartupError


class Providers:
    """`embedding` embeds new indexes; `builtin` is always there; `chat` is None where no LLM is configured."""

    def __init__(self, settings: Settings, folder: DataFolder) -> None:
        self.builtin = MiniLM(folder.models, threads=settings.embedding_threads)
        self.embedding: EmbeddingProvider = self.builtin
        if settings.embedding_provider == "ollama":
            if not settings.embedding_model:
                raise StartupError("embedding_provider is ollama: setting embedding_model must name its model")
            self.embedding = OllamaEmbeddings(settings.ollama_url, settings.embedding_model, settings.model_s_max)
        self.chat: ChatProvider | None = None
        if settings.chat_model:
            self.chat = OllamaChat(settings.ollama_url, settings.chat_model, settings.model_s_max)

    def for_model(self, model: str) -> EmbeddingProvider:
        """The provider of this model. Raises InvalidArgument naming what is configured instead."""
        for provider in (self.embedding, self.builtin):
            if provider.model == model:
                return provider
        raise InvalidArgument(
            f"model {model} is not configured here: this server embeds with {self.embedding.model}; "
            "set embedding_provider and embedding_model to it, or create the index again"
        )
