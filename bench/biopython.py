"""Scores of every pair of two FASTA files, one a line: query, target, score."""

import sys

from Bio.Align import PairwiseAligner


def read(path):
    name, names = None, []
    for line in open(path):
        if line.startswith(">"):
            name = line[1:].strip()
        else:
            names.append((name, line.strip()))
    return names


aligner = PairwiseAligner(mode="global", match_score=2, mismatch_score=-3)
aligner.open_gap_score, aligner.extend_gap_score = -7, -2
queries, targets = read(sys.argv[1]), read(sys.argv[2])
for query, residues in queries:
    for target, others in targets:
        print(query, target, round(aligner.score(residues, others)), sep="\t")
