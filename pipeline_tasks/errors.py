"""Everything Nightlens raises on purpose, drawn as a tree.

    NightlensError
    ├── SettingsError               a person must mend a setting or an argument
    ├── TableContractError          rows break the contract of their table
    ├── CycleError                  the cycle cannot do what was asked of it
    │   ├── CycleTakenError         another run already owns this cycle_id
    │   └── MissingStageError       an earlier stage of the cycle has not been done
    ├── StorageError                a project's root did not do what it must
    │   ├── NotFoundError           no object under this key
    │   ├── AlreadyThereError       an object under this key already exists
    │   ├── ChangedMeanwhileError   another process replaced the object first
    │   ├── CorruptObjectError      the bytes do not have the digest they are stored under
    │   └── NewerFormError          a later release of Nightlens wrote this
    ├── RejectedFileError           a file is not a usable image (has a reason)
    ├── LeakError                   a dataset version would be judged on what it was trained on
    ├── ModelError                  a model cannot be used
    │   └── ParityError             the exported model disagrees with the trained one
    └── ServiceError                an outside service did not do what it must
        ├── ServiceUnavailableError it is away or overloaded: trying again may mend it
        └── ServiceRefusedError     it answered no: trying again cannot mend it

Airflow's retry policy is made from this tree in one place (`nightlens_airflow.defaults`).
"""

from __future__ import annotations


class NightlensError(Exception):
    """Root of the tree: all errors that Nightlens raises on purpose."""


class SettingsError(NightlensError):
    """A setting or an argument is missing or wrong; the message names file, key, value and what it must be."""


class TableContractError(NightlensError):
    """Rows break the contract of their table; the message names table, rule and how many rows."""


class CycleError(NightlensError):
    """A cycle cannot do what was asked."""


class CycleTakenError(CycleError):
    """Another run already owns this cycle_id."""


class MissingStageError(CycleError):
    """An earlier stage of the cycle has not been done, so its tables do not exist."""


class StorageError(NightlensError):
    """An operation on a project's root failed."""


class NotFoundError(StorageError):
    """There is no object at this key."""


class AlreadyThereError(StorageError):
    """An object at this key already exists; objects are never overwritten."""


class ChangedMeanwhileError(StorageError):
    """The object is not the one that the caller last saw."""


class CorruptObjectError(StorageError):
    """The bytes under a key do not have the digest they are stored under."""


class NewerFormError(StorageError):
    """A later release of Nightlens wrote this; the message names the release and how far this one reads."""


class RejectedFileError(NightlensError):
    """A file is not a usable image."""

    def __init__(self, reason: str, detail: str) -> None:
        """Keep the reason (one of the closed list in `tables.rejected_sighting`) and a detail for people."""
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail


class LeakError(NightlensError):
    """A dataset version has leaks between splits; the message names pairs and the remedy."""


class ModelError(NightlensError):
    """A model cannot be used."""


class ParityError(ModelError):
    """The exported model's predictions differ from the trained one's."""


class ServiceError(NightlensError):
    """A call to an outside service failed; the message names the service and its address."""


class ServiceUnavailableError(ServiceError):
    """The service is away or overloaded: trying again may mend it."""


class ServiceRefusedError(ServiceError):
    """The service understood and said no: trying again cannot mend it."""
