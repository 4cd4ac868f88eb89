level-5 = 非常满意
level-4 = 满意
level-3 = 基本满意
level-2 = 不满意
level-1 = 非常不满意

kind-complaint = 投诉
kind-suggestion = 建议
kind-praise = 表扬
kind-enquiry = 咨询

reason-attitude-good = 态度热情
reason-attitude-fair = 态度一般
reason-attitude-bad = 态度不好
reason-speed-good = 办理快速
reason-speed-fair = 速度一般
reason-speed-bad = 办理太慢
reason-skill-good = 业务熟练
reason-skill-fair = 业务一般
reason-skill-bad = 业务不熟
reason-clarity-good = 讲解清楚
reason-clarity-fair = 讲解一般
reason-clarity-bad = 没讲清楚
reason-queue-good = 等候时间短
reason-queue-fair = 等候时间一般
reason-queue-bad = 等候太久
reason-place-good = 环境整洁
reason-place-fair = 环境一般
reason-place-bad = 环境不好

reason-attitude = 服务态度
reason-speed = 办理速度
reason-skill = 业务水平
reason-clarity = 讲解说明
reason-queue = 排队等候
reason-place = 大厅环境
