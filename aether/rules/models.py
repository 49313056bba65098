"""What is stored: the switches of the rules, and what is going on with the hosts, VMs and jobs that they are about."""

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.utils import timezone

from aether.rules.declared import BY_NAME, Rule
from notifications.vocabulary import Level


class RuleSwitch(models.Model):
    """What the admin says of a rule. A rule without a row is as it is declared; the next write counts it."""

    name = models.CharField(primary_key=True, max_length=64, editable=False)
    enabled = models.BooleanField(
        default=True, help_text="Whether it makes notifications. What was told is still resolved."
    )
    level = models.CharField(
        max_length=10, choices=Level.choices, blank=True, help_text="Instead of the level that it is declared with."
    )
    grace = models.PositiveIntegerField(
        null=True, blank=True, help_text="Seconds that it must last before anybody is told; empty: as declared."
    )
    changed_at = models.DateTimeField(default=timezone.now, editable=False)
    changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+", editable=False
    )

    class Meta:
        ordering = ("name",)
        verbose_name = "rule"

    def __str__(self) -> str:
        return self.rule.about if self.rule else self.name

    @property
    def rule(self) -> Rule | None:
        """The rule, None where none of this name is declared any more."""
        return BY_NAME.get(self.name)

    def clean(self) -> None:
        """Refuse a grace for what has no end. Raises: ValidationError, which names the field."""
        if self.grace is not None and self.rule is not None and not self.rule.lasts:
            raise ValidationError(
                {"grace": "This happens at once and cannot resolve itself, so that nothing is waited for."}
            )

    def grace_of(self, rule: Rule) -> int:
        """Return the seconds that *rule* waits."""
        return rule.grace if self.grace is None or not rule.lasts else self.grace


class Observation(models.Model):
    """One rule at one host, VM or job: whether it holds, since when, and what was told of it.

    An *episode* is what happens without a pause of RULE_CALM seconds; however often the rule begins to hold within it,
    one notification tells of it.
    """

    rule = models.CharField(max_length=64)
    entity = models.CharField(max_length=200, help_text="The primary key of what it is about, as text.")
    active = models.BooleanField(default=False, help_text="Whether it holds now.")
    episode_at = models.DateTimeField(help_text="When the episode began.")
    since = models.DateTimeField(help_text="When it last began to hold.")
    changed_at = models.DateTimeField(help_text="When it last began or ended.")
    count = models.PositiveIntegerField(default=0, help_text="How often it began in this episode.")
    due_at = models.DateTimeField(null=True, help_text="When there is something to tell; null for nothing.")
    shown = models.BooleanField(
        null=True, help_text="Whether it was last told as holding; null where nothing was told yet."
    )
    worst = models.CharField(max_length=10, blank=True, help_text="The worst level that was told in this episode.")
    told = models.PositiveIntegerField(default=0, help_text="The count that was told last.")
    notification_id = models.UUIDField(null=True)
    many = models.CharField(
        max_length=200, blank=True, help_text="The key of the notification that tells of many at once."
    )
    facts = models.JSONField(default=dict, help_text="What the texts say.")

    class Meta:
        constraints = (models.UniqueConstraint(fields=("rule", "entity"), name="observation_once"),)
        indexes = (
            models.Index(fields=("due_at",), condition=models.Q(due_at__isnull=False), name="observation_due"),
            models.Index(fields=("many",), condition=~models.Q(many=""), name="observation_many"),
        )

    def __str__(self) -> str:
        return f"{self.rule} of {self.entity}"
