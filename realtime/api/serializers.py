"""What the API takes and gives for tokens and tickets; the dates are ISO 8601 in UTC."""

from rest_framework import serializers

from realtime import conf
from realtime.models import ApiToken
from realtime.tokens import DAY


class TokenSerializer(serializers.ModelSerializer[ApiToken]):
    """A token as it is listed: never its secret."""

    id = serializers.UUIDField(source="uuid", read_only=True)
    user = serializers.CharField(source="user.get_username", read_only=True)
    created_at = serializers.DateTimeField(source="created", read_only=True)
    expires_at = serializers.DateTimeField(source="expiry", read_only=True, allow_null=True)

    class Meta:
        model = ApiToken
        fields = ("id", "name", "user", "created_at", "expires_at", "last_used_at")
        read_only_fields = fields


class NewTokenSerializer(TokenSerializer):
    """A token as it is answered once, with its secret."""

    token = serializers.CharField(read_only=True, help_text="The secret. It is not shown again.")

    class Meta(TokenSerializer.Meta):
        fields = read_only_fields = ("token", *TokenSerializer.Meta.fields)  # type: ignore[assignment]


class TokenRequest(serializers.Serializer[None]):
    """What a token is asked for with."""

    name = serializers.CharField(max_length=100, help_text="What will use it.")
    days = serializers.FloatField(required=False, min_value=0, help_text="How long it lasts; see API_TOKEN_LIFETIME.")

    def validate_days(self, value: float) -> float:
        """Refuse more than the settings allow, and nothing at all."""
        most = conf.load().token_max_lifetime / DAY
        if not 0 < value <= most:
            raise serializers.ValidationError(f"More than 0 and at most {most:g} days.", code="max_value")
        return value


class TokenList(serializers.Serializer[None]):
    """Tokens, the newest first."""

    tokens = TokenSerializer(many=True)


class TicketSerializer(serializers.Serializer[dict[str, object]]):
    """A way into one WebSocket."""

    ticket = serializers.CharField()
    expires_at = serializers.DateTimeField()
