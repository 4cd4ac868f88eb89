language-name = 中文

# Between visits
attract-question = 请评价本次服务
attract-hint = 轻触一个表情即可
attract-serving = { $staff } 为您服务
attract-door = 投诉 · 建议 · 表扬 · 咨询
attract-door-short = 投诉 · 建议
attract-door-hint = 可匿名，我们认真听
setting-up-title = 设备正在准备
setting-up-text = 正在等待中心下发本窗口的配置，请稍候

# On every screen of a visit
leave = 结束
back = 返回
next = 下一步
done = 完成
step = 第 { $step } 步，共 { $steps } 步
saving = 正在保存…

# After a rating
reasons-title = 谢谢您的评价
reasons-hint = 愿意说说原因吗？可以多选，也可以直接完成
reasons-write = 写几句话
reasons-written = 已写 { $n } 字，修改
words-title = 写几句话
words-hint = 点下面的短语，或用键盘输入

# Feedback
kinds-title = 您想说什么？
kind-complaint-hint = 服务没做好，请我们改正
kind-suggestion-hint = 怎样能做得更好
kind-praise-hint = 有人或有事让您满意
kind-enquiry-hint = 想问一件事情
about-categories = 关于哪方面？（可不选）
about-counters = 关于哪个窗口？
about-here = { $counter }（本窗口）
about-page = { $page }/{ $pages }
telling-title-complaint = 请说说发生了什么
telling-title-suggestion = 请说说您的建议
telling-title-praise = 请说说谁或什么做得好
telling-title-enquiry = 请说说您想问什么
telling-hint = 点短语，或用键盘输入
letters-count = { $n } / { $limit } 字
contact-title = 需要我们回复您吗？
contact-anonymous = 匿名提交
contact-anonymous-hint = 不留姓名和电话，一样会认真办理
contact-leave = 留下联系方式
contact-leave-hint = 办理后给您答复
contact-form-title = 怎样联系您？
contact-name = 称呼（可不填）
contact-phone = 电话
contact-consent = 只用于答复您，被投诉的人看不到
contact-missing-phone = 请填写完整的电话号码
contact-missing-name = 请填写称呼
submit = 提交

# Thanks
thanks-title = 谢谢您！
thanks-rating = 您的评价已经收到
thanks-feedback = 您的意见已经收到，会有人办理
thanks-receipt = 回执号
thanks-receipt-hint = 请记下或拍照，询问办理情况时出示

# When nothing could be kept
not-kept-title = 很抱歉，没有保存成功
not-kept-full = 本机暂时存不下了，请告诉工作人员，或换一台设备
not-kept-broken = 本机出了故障，请再试一次，或告诉工作人员
not-kept-retry = 再试一次

# Idle
idle-title = 您还在吗？
idle-text = { $seconds } 秒后返回首页，填写的内容将全部清除
idle-continue = 继续

# Keyboard
key-space = 空格
key-digits = 123
key-letters = ABC
key-clear = 清空
key-marks = ，。？！
name-phrases = 王 李 张 刘 陈 杨 赵 黄 先生 女士

# Ready phrases
phrase-good-1 = 服务热情周到
phrase-good-2 = 办得又快又好
phrase-good-3 = 讲解耐心细致
phrase-good-4 = 请继续保持
phrase-fair-1 = 等候时间有点长
phrase-fair-2 = 流程可以更简单
phrase-fair-3 = 希望多开窗口
phrase-fair-4 = 说明不够清楚
phrase-bad-1 = 等待时间太长
phrase-bad-2 = 服务态度不好
phrase-bad-3 = 没有解决我的问题
phrase-bad-4 = 让我来回跑了几趟

phrase-complaint-1 = 服务态度不好
phrase-complaint-2 = 等待时间太长
phrase-complaint-3 = 收费不合理
phrase-complaint-4 = 没说清要带的材料
phrase-complaint-5 = 互相推诿没人管
phrase-complaint-6 = 超过承诺的时间
phrase-complaint-7 = 问题一直没有解决
phrase-complaint-8 = 请尽快给我答复
phrase-suggestion-1 = 希望多开几个窗口
phrase-suggestion-2 = 希望简化手续
phrase-suggestion-3 = 希望能在网上办理
phrase-suggestion-4 = 希望延长营业时间
phrase-suggestion-5 = 希望增加座位
phrase-suggestion-6 = 希望照顾老年人
phrase-suggestion-7 = 希望标识更清楚
phrase-suggestion-8 = 希望提供饮水
phrase-praise-1 = 工作人员热情周到
phrase-praise-2 = 办理速度很快
phrase-praise-3 = 讲解非常耐心
phrase-praise-4 = 主动帮助老年人
phrase-praise-5 = 帮我解决了大问题
phrase-praise-6 = 大厅环境整洁
phrase-praise-7 = 请转告表扬
phrase-praise-8 = 非常感谢
phrase-enquiry-1 = 需要带哪些材料
phrase-enquiry-2 = 办理需要多长时间
phrase-enquiry-3 = 费用怎么计算
phrase-enquiry-4 = 办到哪一步了
phrase-enquiry-5 = 在哪个窗口办理
phrase-enquiry-6 = 可以代办吗
phrase-enquiry-7 = 可以网上办吗
phrase-enquiry-8 = 请电话告诉我
