"""Runs a firing in a pod of a cluster, and cleans up behind it."""

import time


def fire(cluster, image, limits):
    pod = cluster.create(image, memory=limits.memory, cpu=limits.cpu)
    began = time.monotonic()
    try:
        while not pod.ready():
            if time.monotonic() - began > limits.seconds:
                raise TimeoutError(image)
            time.sleep(1)
        answer = pod.run()
        if answer.status:
            raise RuntimeError(answer.text)
    except TimeoutError:
        pod.delete(force=True)
        raise
    except ConnectionError:
        cluster.forget(pod)
        return None
    pod.delete()
    return answer.log
