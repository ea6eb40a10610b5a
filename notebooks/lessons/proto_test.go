package lessons
import ("testing";"time";"os";"context";"github.com/addlab/addlab/discriminator")
func TestProto(t *testing.T){
 ctx:=context.Background()
 at:=time.Now()
 lap:=func(s string){t.Log(s,time.Since(at));at=time.Now()}
 Flags("/tmp/nb/flags",600)
 l,err:=openFolder(ctx,"cpu","","/tmp/nb/flags"); if err!=nil{t.Fatal(err)}
 l.Runs="/tmp/nb/runs"
 if err:=l.Pretrain();err!=nil{t.Fatal(err)}; lap("pretrain flags")
 g,err:=l.Steps(1,4,25); if err!=nil{t.Fatal(err)}
 f,_:=os.Create("/tmp/nb/flags.png"); g.PNG(f); lap("flags steps")
 cfg:=l.Config(); cfg.Steps=200
 s,err:=l.Distill(cfg); if err!=nil{t.Fatal(err)}; lap("distill flags")
 f,_=os.Create("/tmp/nb/flags-growth.png"); s.Growth.PNG(f)
 g,err=l.Compare(s,1,2,4);  if err!=nil{t.Fatal(err)}
 f,_=os.Create("/tmp/nb/flags-compare.png"); g.PNG(f); lap("compare")
 sc,err:=l.StudentScores(s,1,2,4);  if err!=nil{t.Fatal(err)}
 t.Log(sc); lap("scores")
 os.Setenv("ADDLAB_SCALE","cpu")
 l,err=open(ctx,"","")
 if err!=nil{t.Fatal(err)}
 h,err:=l.TrainHeads(HeadTrial{"both", discriminator.DefaultConfig()}); if err!=nil{t.Fatal(err)}
 t.Log(h.Gap.Curves[0].Values, h.R1.Curves[0].Values, h.Accuracy.Curves[0].Values); lap("heads")
 g,err=l.FeatureMaps();  if err!=nil{t.Fatal(err)}
 f,_=os.Create("/tmp/nb/maps.png"); g.PNG(f); lap("maps")
 g,err=l.Views(4);  if err!=nil{t.Fatal(err)}
 f,_=os.Create("/tmp/nb/views.png"); g.PNG(f); lap("views")
}
