"""The order in which variants are planned: a teacher before those who learn from it."""

from snnbench.errors import UserError, did_you_mean
from snnbench.studies.study import Study, Variant


def teachers_first(study: Study) -> list[Variant]:
    """Return the variants in the study's order, but for teachers, which come before students.

    Raises:
        UserError: a teacher is no variant, or variants teach each other in a circle.
    """
    variants = {variant.name: variant for variant in study.variants}
    done: dict[str | None, Variant] = {}
    for variant in study.variants:
        chain = []  # from a student to its teacher, to that one's teacher, ...
        learner = variant
        while learner.name not in done:
            chain.append(learner)
            if learner.teacher is None:
                break
            if learner.teacher not in variants:
                raise _unknown(study, learner)
            learner = variants[learner.teacher]
            if learner in chain:
                raise _circle(study, [*chain, learner])
        done |= {learner.name: learner for learner in reversed(chain)}
    return list(done.values())


def _unknown(study: Study, student: Variant) -> UserError:
    names = [str(variant.name) for variant in study.variants]
    return study.error(
        ("variants", str(student.name), "teacher"),
        f"the teacher '{student.teacher}' of variant '{student.name}' is no variant.",
        did_you_mean(str(student.teacher), names),
    )


def _circle(study: Study, chain: list[Variant]) -> UserError:
    circle = chain[chain.index(chain[-1]) :]
    names = " learns from ".join(f"'{variant.name}'" for variant in circle)
    return study.error(
        ("variants", str(circle[0].name), "teacher"),
        f"the teachers go round in a circle: {names}.",
        "Let one of them learn labels: a loss of ce or mse, and no teacher.",
    )
