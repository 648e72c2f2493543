"""The Cypher that the graph store in Neo4j speaks; values come as parameters only."""

from __future__ import annotations

from collections.abc import Collection, Iterator

_CHUNKS_AT_ONCE = 400
"""Terms in one full-text query; Lucene takes 1,024."""

CHUNK_INDEXES = frozenset({"fulltext_index_Entity_chunk_ids", "fulltext_index_RELATED_chunk_ids"})
"""What neomodel calls the indexes on chunk ids."""

ENTITIES = "MATCH (e:Entity) WHERE e.key IN $keys RETURN properties(e) ORDER BY e.id"
# One statement, because every other one is a way to the server and back.
AROUND = """
MATCH (s:Entity) WHERE s.key IN $keys
MATCH p = (s)-[:RELATED*0..HOPS]-(e:Entity)
WITH e, min(length(p)) AS distance ORDER BY distance, e.id LIMIT $limit
WITH collect(e) AS found, collect(distance) AS distances
CALL {
    WITH found UNWIND found AS one MATCH (one)-[r:RELATED]->(other:Entity) WHERE other IN found
    RETURN collect([one.id, other.id, properties(r)]) AS relations
}
RETURN [e IN found | properties(e)], distances, relations"""
SHORTEST_PATH = """
MATCH (s:Entity {key: $source}), (t:Entity {key: $target})
MATCH p = shortestPath((s)-[:RELATED*..HOPS]-(t))
RETURN [n IN nodes(p) | n.id], [r IN relationships(p) | r.id]"""
MENTIONED = """
CALL db.index.fulltext.queryNodes('fulltext_index_Entity_chunk_ids', $terms) YIELD node
WITH node WHERE node.key STARTS WITH $prefix RETURN node.id, node.chunk_ids"""
CHUNKS = """
MATCH (e:Entity) WHERE e.key STARTS WITH $prefix UNWIND e.chunk_ids AS chunk RETURN DISTINCT chunk
UNION MATCH ()-[r:RELATED]->() WHERE r.key STARTS WITH $prefix UNWIND r.chunk_ids AS chunk RETURN DISTINCT chunk"""
MARK = "MATCH (c:JanusCollection {key: $key}) RETURN c.mark"
IDS = "MATCH (e:Entity) WHERE e.key STARTS WITH $prefix RETURN e.id"
WEIGHTS = "MATCH (s:Entity)-[r:RELATED]->(t) WHERE s.key STARTS WITH $prefix RETURN s.id, t.id, r.weight"
ENTITY_PAGE = """
MATCH (e:Entity) WHERE e.key STARTS WITH $prefix AND e.key > $last
RETURN e.key, properties(e) ORDER BY e.key LIMIT $limit"""
RELATION_PAGE = """
MATCH (s)-[r:RELATED]->(t) WHERE r.key STARTS WITH $prefix AND r.key > $last
RETURN r.key, s.id, t.id, properties(r) ORDER BY r.key LIMIT $limit"""
TOTALS = """
MATCH (e:Entity)
RETURN e.collection, count(*), sum(COUNT { (e)-[:RELATED]->() }) ORDER BY e.collection"""

PUT_ENTITIES = "UNWIND $rows AS row MERGE (e:Entity {key: row.key}) SET e = row"
PRESENT = "MATCH (e:Entity) WHERE e.key IN $keys RETURN e.key, e.id"
KNOWN = """
UNWIND $keys AS key MATCH (s)-[r:RELATED {key: key}]->(t)
RETURN r.key, s.key, t.key"""
DROP = "UNWIND $keys AS key MATCH ()-[r:RELATED {key: key}]->() DELETE r"
CHANGE = "UNWIND $rows AS row MATCH ()-[r:RELATED {key: row.key}]->() SET r = row.values RETURN count(r)"
CREATE = """
UNWIND $rows AS row
MATCH (s:Entity {key: row.source}) MATCH (t:Entity {key: row.target})
CREATE (s)-[r:RELATED]->(t) SET r = row.values RETURN count(r)"""
CHANGED = "MERGE (c:JanusCollection {key: $key}) SET c.mark = randomUUID()"
ALL_CHANGED = "MATCH (c:JanusCollection) SET c.mark = randomUUID()"

SUPPORTED_ENTITIES = """
CALL db.index.fulltext.queryNodes('fulltext_index_Entity_chunk_ids', $terms) YIELD node
WITH node WHERE node.key STARTS WITH $prefix RETURN node.key, node.chunk_ids"""
SUPPORTED_RELATIONS = """
CALL db.index.fulltext.queryRelationships('fulltext_index_RELATED_chunk_ids', $terms) YIELD relationship
WITH relationship WHERE relationship.key STARTS WITH $prefix RETURN relationship.key, relationship.chunk_ids"""
KEEP_ENTITIES = "UNWIND $rows AS row MATCH (e:Entity {key: row.key}) SET e.chunk_ids = row.chunk_ids"
KEEP_RELATIONS = "UNWIND $rows AS row MATCH ()-[r:RELATED {key: row.key}]->() SET r.chunk_ids = row.chunk_ids"
LOSE_ENDS = """
MATCH (e:Entity) WHERE e.key IN $keys MATCH (e)-[r:RELATED]-()
WITH DISTINCT r DELETE r RETURN count(r)"""
DROP_ENTITIES = "MATCH (e:Entity) WHERE e.key IN $keys DELETE e"
CLEAR_RELATIONS = """
MATCH ()-[r:RELATED]->() WHERE r.key STARTS WITH $prefix
WITH r LIMIT $limit DELETE r RETURN count(r)"""
CLEAR_ENTITIES = """
MATCH (e:Entity) WHERE e.key STARTS WITH $prefix
WITH e LIMIT $limit DETACH DELETE e RETURN count(e)"""


def chunk_queries(chunk_ids: Collection[str]) -> Iterator[str]:
    """Full-text queries that find what has any of these chunks; each id is one term, whatever is in it."""
    ordered = [chunk for chunk in sorted(chunk_ids) if chunk]
    for start in range(0, len(ordered), _CHUNKS_AT_ONCE):
        yield " OR ".join(f'"{_escaped(chunk)}"' for chunk in ordered[start : start + _CHUNKS_AT_ONCE])


def _escaped(chunk: str) -> str:
    return chunk.replace("\\", "\\\\").replace('"', '\\"')
