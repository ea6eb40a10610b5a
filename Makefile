# addlab: `make` lists what there is to do. Go and a C compiler suffice; pip brings faster engines.

GO        ?= go
AXIS      ?= disc-cond
ARGS      ?=
TESTFLAGS ?=

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help ablate test doctor pretrain smoke vet unit lab notebooks outputs report slurm parity

help: ## what there is to do
	@sed -n 's/^\([a-z]*\):.*## /  make \1|/p' $(MAKEFILE_LIST) | awk -F'|' '{ printf "%-16s %s\n", $$1, $$2 }'
	@echo
	@echo '  make ablate AXIS=disc-cond ARGS="--seeds 3"     every flag: go run ./experiments/ablate --help'

ablate: ## the main job: train, score and plot the discriminator-conditioning ablation
	$(GO) run ./experiments/ablate --axis $(AXIS) $(ARGS)

test: doctor vet unit smoke ## everything that must hold: engines, vet, all tests, a small ablation through the real program

doctor: ## which engines run here and how fast; fetches what is missing
	$(GO) run ./experiments/doctor

pretrain: ## train the networks that distillation starts from (most of an hour on two cores; the results are shipped)
	$(GO) run ./experiments/pretrain --data scenes $(ARGS)

report: ## one HTML page of all tables and pictures: results/index.html
	$(GO) run ./experiments/report

lab: ## open the notebooks in Jupyter; sets up what is missing
	$(GO) run ./experiments/lab

notebooks: ## execute all notebooks without a browser, at toy size; tells which are stale
	$(GO) run ./experiments/lab --execute

outputs: ## execute all notebooks in full (the better part of an hour) and keep their outputs in the files
	$(GO) run ./experiments/lab --execute --write

# Pure Go: other engines compile for longer than this trains.
smoke: ## the whole ablation at toy size, in a temporary folder
	@out=$$(mktemp -d) || exit 1; rc=0; \
	echo '$(GO) run ./experiments/ablate --axis disc-cond --scale smoke --engine go --out '"$$out"; \
	$(GO) run ./experiments/ablate --axis disc-cond --scale smoke --engine go --out "$$out" || rc=$$?; \
	rm -rf "$$out"; exit $$rc

slurm: ## a toy sweep through a real Slurm on this machine (Debian's slurmctld, slurmd, slurm-client and munge; as root)
	tools/slurm.sh

parity: ## saved students, exported ones and LoRAs in diffusers itself, in a temporary Python environment (fetches PyTorch)
	@dir=$$(mktemp -d) || exit 1; rc=0; \
	{ python3 -m venv "$$dir" && "$$dir/bin/pip" install -q -r latent/testdata/requirements.txt && \
	ADDLAB_PYTHON="$$dir/bin/python" $(GO) test ./latent ./diffusion/pipeline ./experiments/distill -count=1 -run "TestASavedModelOpens|TestSavedSchedulers|TestExportDraws|TestAStudentIsTrained" -v; } || rc=$$?; \
	rm -rf "$$dir"; exit $$rc

vet: ## go vet
	$(GO) vet ./...

# One package at a time: engines of two test programs would fight for the same cores.
unit: ## all Go tests
	$(GO) test -p 1 -timeout 30m $(TESTFLAGS) ./...
