#!/bin/sh
# Reproduce published results at full size; docs/reproductions.md says what to expect. It needs a GPU, and MNIST and CIFAR-10
# where `cnncourse.data` looks for them. Stop it when you like: started again, it goes on after the last finished epoch.
#
#   sh tools/reproduce.sh             # all of it
#   sh tools/reproduce.sh lenet5      # the runs whose name begins with lenet5
#   EPOCHS=1 DEVICE=cpu EXTRA="--images 2000" sh tools/reproduce.sh resnet20-fashion   # a short try
set -eu
DEVICE=${DEVICE:-cuda}
EXTRA=${EXTRA:-}
for seed in ${SEEDS:-0 1 2}; do
  while read -r name epochs arguments; do
    case "$name" in "${1:-}"*) ;; *) continue ;; esac
    # shellcheck disable=SC2086
    ${CNNCOURSE:-cnncourse} train $arguments --backend torch --device "$DEVICE" --epochs "${EPOCHS:-$epochs}" --seed "$seed" \
      --output "runs/reproduce/$name-$seed" $EXTRA </dev/null
  done <<RUNS
lenet5-mnist 20 lenet5 --data mnist
lenet5-fashion 20 lenet5 --data fashion-mnist --full
resnet20-cifar10 164 resnet20 --data cifar10 --augment --batch-size 128 --weight-decay 0.0001
resnet20-fashion 60 resnet20 --data fashion-mnist --full --augment --batch-size 128 --weight-decay 0.0001
RUNS
done
