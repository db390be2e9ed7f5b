from google.protobuf import struct_pb2 as _struct_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class PredictRequest(_message.Message):
    __slots__ = ("image", "bit_depth")
    IMAGE_FIELD_NUMBER: _ClassVar[int]
    BIT_DEPTH_FIELD_NUMBER: _ClassVar[int]
    image: bytes
    bit_depth: int
    def __init__(self, image: _Optional[bytes] = ..., bit_depth: _Optional[int] = ...) -> None: ...

class Prediction(_message.Message):
    __slots__ = ("prediction_id", "image_id", "model_digest", "dataset_id", "route", "content")
    PREDICTION_ID_FIELD_NUMBER: _ClassVar[int]
    IMAGE_ID_FIELD_NUMBER: _ClassVar[int]
    MODEL_DIGEST_FIELD_NUMBER: _ClassVar[int]
    DATASET_ID_FIELD_NUMBER: _ClassVar[int]
    ROUTE_FIELD_NUMBER: _ClassVar[int]
    CONTENT_FIELD_NUMBER: _ClassVar[int]
    prediction_id: str
    image_id: str
    model_digest: str
    dataset_id: str
    route: str
    content: _struct_pb2.Struct
    def __init__(self, prediction_id: _Optional[str] = ..., image_id: _Optional[str] = ..., model_digest: _Optional[str] = ..., dataset_id: _Optional[str] = ..., route: _Optional[str] = ..., content: _Optional[_Union[_struct_pb2.Struct, _Mapping]] = ...) -> None: ...

class PredictBatchRequest(_message.Message):
    __slots__ = ("requests",)
    REQUESTS_FIELD_NUMBER: _ClassVar[int]
    requests: _containers.RepeatedCompositeFieldContainer[PredictRequest]
    def __init__(self, requests: _Optional[_Iterable[_Union[PredictRequest, _Mapping]]] = ...) -> None: ...

class PredictBatchResponse(_message.Message):
    __slots__ = ("results",)
    class Result(_message.Message):
        __slots__ = ("prediction", "refusal")
        PREDICTION_FIELD_NUMBER: _ClassVar[int]
        REFUSAL_FIELD_NUMBER: _ClassVar[int]
        prediction: Prediction
        refusal: Refusal
        def __init__(self, prediction: _Optional[_Union[Prediction, _Mapping]] = ..., refusal: _Optional[_Union[Refusal, _Mapping]] = ...) -> None: ...
    RESULTS_FIELD_NUMBER: _ClassVar[int]
    results: _containers.RepeatedCompositeFieldContainer[PredictBatchResponse.Result]
    def __init__(self, results: _Optional[_Iterable[_Union[PredictBatchResponse.Result, _Mapping]]] = ...) -> None: ...

class Refusal(_message.Message):
    __slots__ = ("code", "reason", "why")
    CODE_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    WHY_FIELD_NUMBER: _ClassVar[int]
    code: int
    reason: str
    why: str
    def __init__(self, code: _Optional[int] = ..., reason: _Optional[str] = ..., why: _Optional[str] = ...) -> None: ...
