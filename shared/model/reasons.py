"""The closed list of reasons: why something was rejected, parked or stopped, and what the operator does about it."""

from dataclasses import dataclass
from enum import StrEnum


class Reaction(StrEnum):
    """What the engine does when a reason turns up; the error tree has one branch for each."""

    RETRY_LATER = "retry_later"
    SLOW_DOWN = "slow_down"
    REJECT_RECORD = "reject_record"
    STOP_ENTITY = "stop_entity"
    STOP_RUN = "stop_run"


class Severity(StrEnum):
    """How much it takes a person."""

    INFO = "info"  # nothing is wrong
    WARNING = "warning"  # it passes by itself, or shows up again if it does not
    ERROR = "error"  # something stays behind until a person acts
    CRITICAL = "critical"  # nothing goes on until a person acts


_USUALLY = {
    Reaction.RETRY_LATER: Severity.WARNING,
    Reaction.SLOW_DOWN: Severity.INFO,
    Reaction.REJECT_RECORD: Severity.ERROR,
    Reaction.STOP_ENTITY: Severity.ERROR,
    Reaction.STOP_RUN: Severity.CRITICAL,
}


@dataclass(frozen=True, slots=True)
class Reason:
    """One entry of the list. ``code`` is ``family.detail``; ``hint`` says what a person can do.

    ``unusual`` is its severity where that is not the one that goes with the reaction.
    """

    code: str
    reaction: Reaction
    hint: str
    unusual: Severity | None = None

    @property
    def family(self) -> str:
        """What it is about: ``source``, ``target``, ``media``, …"""
        return self.code.partition(".")[0]

    @property
    def severity(self) -> Severity:
        """How much it takes a person."""
        return self.unusual or _USUALLY[self.reaction]


_ALL = (
    Reason("source.unreachable", Reaction.RETRY_LATER, "Check the portal and the network; the run goes on by itself."),
    Reason("source.unexpected_answer", Reaction.RETRY_LATER, "The portal answered something that is not its API."),
    Reason("source.throttled", Reaction.SLOW_DOWN, "Other integrations share this portal's budget; nothing to do."),
    Reason("source.operating_limit", Reaction.SLOW_DOWN, "The method rests until the portal resets its counter."),
    Reason("source.overloaded", Reaction.STOP_RUN, "The portal blocked the integration; talk to Bitrix24 support."),
    Reason("source.unauthorised", Reaction.STOP_RUN, "Check the webhook URL, its owner and its expiry date."),
    Reason("source.denied", Reaction.STOP_ENTITY, "Tick the missing scope in the webhook, or use an administrator's."),
    Reason("source.method_missing", Reaction.STOP_ENTITY, "This portal does not offer the method."),
    Reason("source.not_found", Reaction.STOP_ENTITY, "The portal has not what was asked for; see the message."),
    Reason("source.refused", Reaction.STOP_ENTITY, "The portal refuses the request as it is; see the message."),
    Reason("source.write_refused", Reaction.STOP_RUN, "A method outside the read allow-list was asked for: a defect."),
    Reason("target.unreachable", Reaction.RETRY_LATER, "Start the gateway or open the network to it."),
    Reason("target.unexpected_answer", Reaction.RETRY_LATER, "The gateway broke the contract; look at its log."),
    Reason("target.throttled", Reaction.SLOW_DOWN, "The gateway's rate is reached; nothing to do."),
    Reason("target.unauthorised", Reaction.STOP_RUN, "Put a valid code into PORTAGE_GATEWAY_URL."),
    Reason("target.refused", Reaction.STOP_RUN, "The gateway refuses the call; see the message and its settings."),
    Reason("target.changed", Reaction.STOP_RUN, "The target or portal is not the one this id map belongs to."),
    Reason(
        "target.schema_missing",
        Reaction.STOP_RUN,
        "Create it in the target and resume; or take it out of the plan's tables and start a new run.",
    ),
    Reason(
        "target.file_unreadable",
        Reaction.REJECT_RECORD,
        "The target lists the file and does not hand it out; see to its disk, then portage verify RUN_ID --repair.",
    ),
    Reason("target.rejected_record", Reaction.REJECT_RECORD, "Correct the mapping or the record, then requeue."),
    Reason("target.rejected_reference", Reaction.REJECT_RECORD, "A referenced record left the target; import it anew."),
    Reason("target.kept_stumbling", Reaction.REJECT_RECORD, "The gateway failed on this record each time; requeue it."),
    Reason("target.conflict", Reaction.REJECT_RECORD, "Another record holds this e-mail; merge or correct one."),
    Reason("transform.missing_required", Reaction.REJECT_RECORD, "Fill the field at the source or give it a default."),
    Reason("transform.bad_value", Reaction.REJECT_RECORD, "Correct the value at the source or change the mapping."),
    Reason("transform.undefined", Reaction.REJECT_RECORD, "Make the definitions of its fields readable; run anew."),
    Reason("reference.missing", Reaction.REJECT_RECORD, "The required record never arrived; see its dead letter."),
    Reason("media.unreachable", Reaction.RETRY_LATER, "The file's server is out or stumbles; it is tried again."),
    Reason("media.too_slow", Reaction.RETRY_LATER, "The file did not arrive within its deadline; it is tried again."),
    Reason("media.throttled", Reaction.SLOW_DOWN, "The file's server asks for a pause; nothing to do."),
    Reason("media.link_expired", Reaction.RETRY_LATER, "The link was over each time; a new run asks again."),
    Reason("media.login_page", Reaction.RETRY_LATER, "A web page came instead of the file; a fresh link is asked for."),
    Reason("media.size_mismatch", Reaction.RETRY_LATER, "The file has not the size the portal says; it is asked anew."),
    Reason("media.too_large", Reaction.REJECT_RECORD, "The file is larger than the target takes; move it by hand."),
    Reason("media.wrong_type", Reaction.REJECT_RECORD, "The bytes are not of the type they claim; look at the file."),
    Reason("media.address_refused", Reaction.REJECT_RECORD, "Add its host to PORTAGE_MEDIA_HOSTS if it is yours."),
    Reason("media.private_address", Reaction.REJECT_RECORD, "The link leads into a private network; see its record."),
    Reason("media.redirected_too_often", Reaction.REJECT_RECORD, "The link leads in circles; look at the file."),
    Reason("media.refused", Reaction.REJECT_RECORD, "The file's server refuses the request as it is; see the message."),
    Reason(
        "media.gone", Reaction.REJECT_RECORD, "The file left the media store too early; a new run fetches it again."
    ),
    Reason(
        "media.out_of_scope",
        Reaction.REJECT_RECORD,
        "Only pictures are moved, and files of tasks by option.",
        Severity.INFO,
    ),
    Reason(
        "media.removed",
        Reaction.REJECT_RECORD,
        "The portal has it no more: it was deleted meanwhile.",
        Severity.INFO,
    ),
    Reason("page.rows_lost", Reaction.STOP_ENTITY, "Restore the page's blob under raw/, or read it in a new run."),
    Reason("page.crashed_worker", Reaction.REJECT_RECORD, "A worker died on this page repeatedly; see the logs."),
    Reason("proof.differs", Reaction.REJECT_RECORD, "See portage verify RUN_ID; with --repair it is sent again."),
    Reason(
        "proof.overtaken",
        Reaction.REJECT_RECORD,
        "Another run of the plan wrote while this one looked; portage verify --plan again when it has ended.",
        Severity.WARNING,
    ),
    Reason(
        "proof.unverified",
        Reaction.REJECT_RECORD,
        "Part of the target or source could not be looked at; mend what the message says and portage verify --plan.",
    ),
    Reason("proof.gate_failed", Reaction.REJECT_RECORD, "A gate of the plan is not passed; see portage verify RUN_ID."),
    Reason("deletes.braked", Reaction.REJECT_RECORD, "See the status; if they are true, raise the plan's brake."),
    Reason("deletes.refused", Reaction.REJECT_RECORD, "Other records refer to them at the target; see the status."),
    Reason("plan.changed", Reaction.STOP_RUN, "The plan differs from the one this run began with; start a new run."),
    Reason("storage.unreachable", Reaction.RETRY_LATER, "Check the storage account; the run goes on by itself."),
    Reason(
        "run.failures_over_threshold",
        Reaction.STOP_RUN,
        "See portage dead-letters; resume tolerates these, and can raise the threshold for those to come.",
    ),
    Reason("run.no_progress", Reaction.STOP_RUN, "Nothing moves, though it was restarted; see the logs, then resume."),
    Reason("run.not_configured", Reaction.STOP_RUN, "Set what is missing (see portage doctor), then resume."),
    Reason("run.defect", Reaction.STOP_RUN, "A defect in Portage; the log of this run has the trace."),
)

REASONS: dict[str, Reason] = {reason.code: reason for reason in _ALL}
