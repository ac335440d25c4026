"""Network: every layer's feature maps and the prediction, following the image live."""

import time
from collections import deque

import numpy as np
from numpy.typing import NDArray
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from engine import images
from engine.cnn import networks, probes
from gui.station import Figures, Station
from gui.widgets.bars import Bars
from gui.widgets.formula import Formula, Term
from gui.widgets.image_source import ImageSource
from gui.widgets.image_view import ImageView
from gui.widgets.mosaic_view import MosaicView
from gui.widgets.panel import panel
from gui.widgets.picture import from_tensor
from gui.widgets.readout import Readout
from gui.workspace import Workspace

THIN_TIMES = "\u2009×\u2009"  # × between thin spaces
COLUMNS = 3  # convolution, activation, pooling: one block of the network a row
TERMS = (
    Term("p(y)", "probability", "How sure the network is of its answer", "prediction"),
    Term("="),
    Term("exp(z<sub>y</sub>)", "largest", "e to the power of the answer's logit"),
    Term("/"),
    Term("Σ<sub>k</sub> exp(z<sub>k</sub>)", "sum", "The same of all classes together"),
    Term(" with  "),
    Term("z<sub>y</sub>", "logit", "The answer's logit: what the last layer computed for it"),
)


class NetworkStation(Station):
    """Asks the worker to look whenever the image changes, and paints the newest answer."""

    title = "Network"
    order = 50
    lesson = "network"

    def __init__(self, workspace: Workspace) -> None:
        super().__init__(workspace)
        self._network: networks.Network | None = None
        self._names: tuple[str, ...] = ()
        self._loading = workspace.worker.channel("cnn viewer: load")
        self._looking = workspace.worker.channel("cnn viewer: look")
        self._asked = 0  # revision of the image that was asked about
        self._shown = 0  # ticket of the answer on screen
        self._look: probes.Look | None = None
        self._moments: deque[float] = deque(maxlen=60)
        self._mosaics: list[MosaicView] = []
        self.image_source = ImageSource(workspace, "CNN Viewer", "Adversarial Lab")
        self._input = ImageView()
        self._input.set_placeholder("What the network sees")
        self._bars = Bars("probability")
        self._bars.set_title("Prediction")
        self._formula = Formula(TERMS)
        self._numbers = Readout("Loading the network …")
        self._maps = QGridLayout()
        self._maps.setSpacing(10)
        self._build()
        self._loading.ask(networks.load, "digits", workspace.device)

    def tick(self) -> None:
        """Ask about a new image; paint a new answer."""
        assert self.image_source is not None
        self.image_source.tick()
        if self._network is None:
            self._take_network()
            return
        source = self.image_source
        if source.revision != self._asked and source.picture is not None:
            self._asked = source.revision
            self._looking.ask(look, self._network, source.picture, source.inverted)
        answer = self._looking.latest
        if answer is None or answer.ticket == self._shown:
            return
        self._shown = answer.ticket
        if answer.value is None:
            self._numbers.say(answer.problem or "", problem=True)
        else:
            self._moments.append(time.perf_counter())
            self.show_look(answer.value, answer.seconds)

    def figures(self) -> Figures:
        """The prediction, and how fast the network looks."""
        if self._look is None:
            return {}
        best = int(self._look.probabilities.argmax())
        return {
            "prediction": self._names[best],
            "probability": float(self._look.probabilities[best]),
            "layers": len(self._look.layers),
            "maps": sum(len(layer.maps) for layer in self._look.layers),
            "looks_per_second": self.looks_per_second,
        }

    @property
    def looks_per_second(self) -> float:
        """Images that were looked at and painted, per second, lately; 0 while nothing moves."""
        if len(self._moments) < 2 or time.perf_counter() - self._moments[-1] > 0.5:
            return 0.0
        return (len(self._moments) - 1) / (self._moments[-1] - self._moments[0])

    def _take_network(self) -> None:
        answer = self._loading.latest
        if answer is None:
            return
        if answer.value is None:
            self._numbers.say(answer.problem or "", problem=True)
        else:
            self._network = answer.value
            self._names = answer.value.class_names

    def show_look(self, now: probes.Look, seconds: float) -> None:
        """Paint what the network computed in ``seconds``."""
        self._look = now
        if not self._mosaics:
            self._lay_out(len(now.layers))
        for view, layer in zip(self._mosaics, now.layers, strict=True):
            shape = THIN_TIMES.join(str(length) for length in layer.maps.shape)
            view.set_maps(f"{layer.name} · {layer.kind}", shape, layer.mosaic, layer.maps)
        self._input.set_image(from_tensor(now.input))
        self._input.set_caption(f"{now.input.size:,} numbers")
        best = int(now.probabilities.argmax())
        self._bars.set_values(self._names, now.probabilities.tolist(), best)
        exponentials = np.exp(now.logits.astype(np.float64))
        self._formula.set_values(
            {
                "probability": f"{now.probabilities[best]:.4f}",
                "largest": f"{exponentials[best]:.4g}",
                "sum": f"{exponentials.sum():.4g}",
                "logit": f"{now.logits[best]:.3f}",
            }
        )
        maps = sum(len(layer.maps) for layer in now.layers)
        rate = self.looks_per_second
        live = f" · one look {1000 * seconds:.1f} ms" + (
            f" · {rate:.0f} looks/s" if rate >= 1 else ""
        )
        self._numbers.say(f"y = {self._names[best]} · {len(now.layers)} layers, {maps} maps{live}")

    def _lay_out(self, count: int) -> None:
        """One card a layer, once the network has told how many it has."""
        self._mosaics = [MosaicView() for _ in range(count)]
        for index, view in enumerate(self._mosaics):
            row, column = divmod(index, COLUMNS)
            self._maps.addWidget(panel(view), row, column)
            self._maps.setRowStretch(row, 1)
            self._maps.setColumnStretch(column, 1)

    def _build(self) -> None:
        assert self.image_source is not None
        middle = QVBoxLayout()
        middle.setSpacing(10)
        middle.addWidget(panel(self._formula, self._numbers))
        middle.addLayout(self._maps, 1)
        right = QWidget()
        right.setFixedWidth(232)
        column = QVBoxLayout(right)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(10)
        column.addWidget(panel(self._input), 2)
        column.addWidget(panel(self._bars), 3)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(10)
        layout.addWidget(self.image_source)
        layout.addLayout(middle, 1)
        layout.addWidget(right)


def look(
    network: networks.Network, picture: NDArray[np.uint8] | NDArray[np.float32], invert: bool
) -> probes.Look:
    """Check the picture and look at it; runs on the worker."""
    return probes.look(network, images.from_array(picture), invert=invert)
