"""What happens in which order: port calls around core calls.

Every flow is level-triggered: it reads the facts as they are now and makes GitHub agree
with them, so that repeated, lost and disordered deliveries end in the same state.
"""
