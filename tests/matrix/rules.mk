# make machines, make matrix-all: starts on machines of every kind (tests/matrix/run.py).
MACHINES = $(NO_KEY) $(PYTHON) -B tests/matrix/run.py --build $(BUILD) $(if $(ANEW),--anew)

.PHONY: machines matrix-all
machines: all $(BUILD)/guests/processors.unsigned ## 147 starts: every three of processors, memory, CPU model, machine and firmware, random device meet
	@$(MACHINES) --strength 3
matrix-all: all $(BUILD)/guests/processors.unsigned ## 1,120 starts: every combination of these, an hour; goes on where it was interrupted (ANEW=1: begins anew)
	@$(MACHINES) --strength 5
