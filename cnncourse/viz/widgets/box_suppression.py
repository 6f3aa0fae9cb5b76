"""A box to drag over a true one, and a threshold to drag under many boxes: IoU, suppression and the curve."""

from __future__ import annotations

import base64

import numpy as np
import traitlets

from cnncourse.numpy_nn.average_precision import match_detections, precision_recall
from cnncourse.numpy_nn.boxes import box_iou, nms
from cnncourse.viz.charts import DASHES
from cnncourse.viz.scenes import draw_boxes
from cnncourse.viz.style import bare, figure_grid
from cnncourse.viz.widgets.assets import script
from cnncourse.viz.widgets.base import MovingFigure

PERCENT = (0, 100)


class BoxSuppression(MovingFigure):
    """Move a box and see its IoU with the true boxes; move the threshold and see which detections NMS keeps.

    Detections of all classes are treated as of one.

    Parameters
    ----------
    image
        (3, H, W) of uint8, at most 128 on a side.
    truth
        (M, 4), the true boxes.
    boxes, scores
        (N, 4) and (N,): the detections before suppression, at most 60.
    box
        (x0, y0, x1, y1), whole pixels: where the reader's own box is at first.
    threshold
        Of the suppression at first, in hundredths.

    Raises
    ------
    ValueError
        If the shapes do not fit, or there is no true box.
    """

    _esm = script("box_suppression")
    height = traitlets.Int().tag(sync=True)
    width = traitlets.Int().tag(sync=True)
    image = traitlets.Unicode().tag(sync=True)  # red, green, blue of each pixel, row by row, in base64
    truth = traitlets.List().tag(sync=True)
    boxes = traitlets.List().tag(sync=True)  # by falling score
    scores = traitlets.List().tag(sync=True)
    box = traitlets.List().tag(sync=True)
    threshold = traitlets.Int(50, min=PERCENT[0], max=PERCENT[1]).tag(sync=True)

    def __init__(self, image, truth, boxes, scores, box, threshold: int = 50):
        image, truth = np.asarray(image), np.asarray(truth, float).reshape(-1, 4)
        boxes, scores = np.asarray(boxes, float).reshape(-1, 4), np.asarray(scores, float)
        if image.ndim != 3 or len(image) != 3 or image.dtype != np.uint8 or max(image.shape) > 128:
            got = f"{image.dtype} {image.shape}"
            raise ValueError(f"image must be (3, H, W) of uint8, at most 128 on a side, got {got}")
        if len(truth) == 0 or len(boxes) > 60 or scores.shape != (len(boxes),) or len(box) != 4:
            got = f"{len(truth)}, {len(boxes)} and {len(scores)}"
            raise ValueError(f"truth must hold a box, and boxes at most 60 with a score each, got {got}")
        order = np.argsort(-scores, kind="stable")
        super().__init__(
            height=image.shape[1], width=image.shape[2],
            image=base64.b64encode(np.ascontiguousarray(image.transpose(1, 2, 0)).tobytes()).decode(),
            truth=truth.round(2).tolist(), boxes=boxes[order].round(2).tolist(),
            scores=scores[order].round(3).tolist(), box=[int(side) for side in box], threshold=threshold,
        )  # fmt: skip

    def still(self):
        """Draw the picture with true boxes, the reader's box and what is kept, and precision over recall."""
        figure, axes = figure_grid(1, 2, size=(7.8, 3.4))
        pixels = np.frombuffer(base64.b64decode(self.image), np.uint8).reshape(self.height, self.width, 3)
        picture, curve = axes[0]
        picture.imshow(pixels)
        bare(picture)
        kept = self._kept()
        boxes, truth = np.array(self.boxes).reshape(-1, 4), np.array(self.truth)
        draw_boxes(picture, boxes[kept], "#56b4e9")
        draw_boxes(picture, truth, style="--")
        draw_boxes(picture, [self.box], "#d55e00", style=":")
        best = box_iou(np.array([self.box], float), truth).max()
        picture.set_title(f"your box (dotted): IoU {best:.2f}", fontsize=10)
        scores = np.array(self.scores)[kept]
        precision, recall = precision_recall(scores, match_detections(boxes[kept], scores, truth, 0.5), len(truth))
        curve.plot(recall, precision, DASHES[0], marker="o", color="#0072b2")
        curve.set(xlabel="recall", ylabel="precision", xlim=(-0.03, 1.03), ylim=(-0.03, 1.05))
        curve.set_title(f"threshold {self.threshold / 100:.2f}: {len(kept)} of {len(boxes)} kept", fontsize=10)
        return figure

    def _kept(self):
        boxes = np.array(self.boxes).reshape(-1, 4)
        return nms(boxes, np.array(self.scores), self.threshold / 100)

    def __repr__(self) -> str:
        return f"BoxSuppression: {len(self.boxes)} detections around {len(self.truth)} true boxes"
