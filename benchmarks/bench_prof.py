from __future__ import annotations
import time, sys, cProfile, pstats
from benchmarks import measure
def main():
    measure.start_django()
    from benchmarks import offered, bench_sign
    from collections import Counter
    import gc
    N=600
    offers=offered.offers(N)
    measure.owner().execute("VACUUM ANALYZE")
    gc.collect(); gc.freeze(); gc.set_threshold(50000,20,20)
    firsts=bench_sign._load([p[0] for p in offers]); seconds=bench_sign._load([p[1] for p in offers])
    def run(items,name):
        w=time.perf_counter(); c=time.process_time()
        r=Counter(bench_sign._answer(i) for i in items)
        n=len(items)
        print(name,r,f"wall {(time.perf_counter()-w)/n*1000:.2f} cpu {(time.process_time()-c)/n*1000:.2f}",flush=True)
    run(firsts[:100],"warm"); run(seconds[:100],"warm refuse")
    ids=[p[0].invitation_id for p in offers]
    def fl(n):
        w=time.perf_counter(); c=time.process_time()
        for i in ids[:n]: bench_sign._update(i)
        print("floor",f"wall {(time.perf_counter()-w)/n*1000:.2f} cpu {(time.process_time()-c)/n*1000:.2f}")
    fl(300)
    run(firsts[100:300],"accept"); run(seconds[100:300],"refuse")
    fl(300)
    # statements
    from django.db import connection
    import core.prepared as cp
    from collections import defaultdict
    t=defaultdict(lambda:[0,0.0])
    import django.db.backends.utils as u
    orig=u.CursorWrapper._execute
    def ex(self,sql,params,*a):
        b=time.perf_counter()
        try: return orig(self,sql,params,*a)
        finally:
            k=str(sql)[:110]; t[k][0]+=1; t[k][1]+=time.perf_counter()-b
    u.CursorWrapper._execute=ex
    from django.db.backends.postgresql.base import DatabaseWrapper as W
    oc=W._commit
    def cm(self):
        b=time.perf_counter(); oc(self); t["COMMIT"][0]+=1; t["COMMIT"][1]+=time.perf_counter()-b
    W._commit=cm
    run(firsts[300:400],"accept traced"); 
    for k,(n,s) in t.items(): print(n, f"{s/100*1000:.3f}", k)
    t.clear(); run(seconds[300:400],"refuse traced")
    for k,(n,s) in t.items(): print(n, f"{s/100*1000:.3f}", k)
    u.CursorWrapper._execute=orig; W._commit=oc
    pr=cProfile.Profile(); pr.enable(); [bench_sign._answer(i) for i in firsts[400:600]]; pr.disable()
    pstats.Stats(pr).sort_stats("cumtime").print_stats(75)
    pr=cProfile.Profile(); pr.enable(); [bench_sign._answer(i) for i in seconds[400:600]]; pr.disable()
    pstats.Stats(pr).sort_stats("cumtime").print_stats(40)
main()
