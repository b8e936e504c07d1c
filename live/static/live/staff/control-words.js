/* The recorder's stable codes in words: of feeds, connections, sendings, stores. What it does not know it calls a fault, never by its code. */

import { t } from "../../broadcast/i18n.js";

const own = (words, code) => (Object.prototype.hasOwnProperty.call(words, code) ? words[code] : t("出错，见记录器日志"));

/** What is wrong with a feed, or why somebody was refused who wanted to send. */
export function feedProblem(code) {
  return own({
    wrong_passphrase: t("SRT 口令不对"),
    wrong_key: t("RTMP 密钥不对"),
    wrong_app: t("RTMP 地址不对"),
    port_in_use: t("端口被占用"),
    bad_input: t("信号不能用"),
    ingest_failed: t("接收没能启动"),
    failed: t("接收程序出错"),
    bad_handshake: t("连接不是 RTMP"),
    bad_command: t("连接不是 RTMP"),
    bad_chunk: t("RTMP 数据不合规"),
    oversize: t("RTMP 数据太大"),
    timeout: t("连上后不说话"),
    busy: t("这一场已有人在推"),
    crowded: t("连接太多，让出位置"),
    not_a_publisher: t("对方不是来推流的"),
    too_many_attempts: t("试得太多，暂停接受"),
    too_many_connections: t("连接太多"),
    secret_unreadable: t("密钥读不出"),
    stalled: t("连着但不发数据"),
    no_frames: t("有数据但解不出画面声音"),
    no_picture: t("画面停住，先只录声音"),
    line_frozen: t("不知有无切断"),
    segment_unreadable: t("有一小段读不出，播出已跳过"),
    address_invalid: t("拉流地址不对"),
    address_not_allowed: t("拉流主机不在允许名单"),
    address_private: t("拉流主机指向内部网络"),
    address_unknown: t("找不到拉流主机"),
    address_unreadable: t("拉流地址读不出，请重填"),
    source_unreachable: t("连不上拉流主机"),
    source_moved: t("拉流主机要求转到别处，没有跟去"),
    source_refuses: t("拉流主机拒绝"),
    source_untrusted: t("拉流主机的证书不可信"),
  }, code);
}

/** Why a connection ended. */
export function endWord(code) {
  return {
    ended: t("对方断开"),
    stopped: t("节目结束"),
    killed: t("接收程序被终止"),
    recorder_died: t("录制程序中断"),
    picture_back: t("画面恢复，重新接收"),
  }[code] || feedProblem(code);
}

/** Why a sending does not work. */
export function pushProblem(code) {
  return own({
    refused: t("对方拒绝连接"),
    unreachable: t("网络不通"),
    no_answer: t("对方没有回应"),
    unknown_host: t("找不到主机"),
    denied: t("密钥或密码不对"),
    wrong_passphrase: t("密钥或密码不对"),
    untrusted: t("对方的证书不可信"),
    closed: t("对方断开"),
    stalled: t("对方收得太慢"),
    unsupported: t("对方不支持这种信号"),
    secret_unreadable: t("地址读不出，请重填"),
    failed: t("发送程序出错"),
    killed: t("发送程序被终止"),
    unreported: t("录制程序没有消息"),
  }, code);
}

/** Why a store takes nothing. */
export function storeProblem(code) {
  return own({
    storage_down: t("没有应答，录制不受影响"),
    storage_refused: t("拒绝访问，请检查密钥"),
    storage_cold: t("对象在冷存储"),
    storage_damaged: t("收到的和发出的不同"),
    stored_otherwise: t("已有不同内容"),
    storage_failed: t("上传出错"),
  }, code);
}
