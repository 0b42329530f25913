"""Questions in a topic and their answers: who may write, what becomes of it, and who looks after it.

asking and answering write; reporting is everybody's, deciding the staff's; experts tells a few who know; lists and
showing read for pages. Whatever changes what is counted takes the locks in one order, so that counts are right however
many act at once: the person who acts, the question, the answer (states.locked_question, states.locked).
"""
