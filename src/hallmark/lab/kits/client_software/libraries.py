"""Known libraries by the packages of their classes, and what uses which permission: facts, no judgement."""

from __future__ import annotations

PLATFORM = "platform"
"""Libraries of the platform, the language and its tools: nobody declares these as third-party software."""

LIBRARIES = {
    "android": PLATFORM,
    "androidx": PLATFORM,
    "dalvik.annotation": PLATFORM,
    "com.android.tools": PLATFORM,
    "com.google.android.material": PLATFORM,
    "java": PLATFORM,
    "javax": PLATFORM,
    "j$": PLATFORM,
    "kotlin": PLATFORM,
    "kotlinx": PLATFORM,
    "org.intellij": PLATFORM,
    "org.jetbrains": PLATFORM,
    "_COROUTINE": PLATFORM,
    "androidx.test": "AndroidX Test",
    "bolts": "Bolts",
    "butterknife": "Butter Knife",
    "cn.jiguang": "JPush",
    "cn.jpush": "JPush",
    "com.airbnb.lottie": "Lottie",
    "com.alibaba.fastjson": "fastjson",
    "com.alibaba.sdk": "Alibaba Cloud",
    "com.alipay": "Alipay",
    "com.amap": "AMap",
    "com.appsflyer": "AppsFlyer",
    "com.baidu": "Baidu",
    "com.bumptech.glide": "Glide",
    "com.bytedance": "ByteDance",
    "com.facebook": "Facebook",
    "com.fasterxml.jackson": "Jackson",
    "com.getui": "GeTui",
    "com.igexin": "GeTui",
    "com.google.android.gms": "Google Play services",
    "com.google.common": "Guava",
    "com.google.crypto.tink": "Tink",
    "com.google.firebase": "Firebase",
    "com.google.gson": "Gson",
    "com.google.protobuf": "Protocol Buffers",
    "com.google.zxing": "ZXing",
    "com.huawei": "Huawei Mobile Services",
    "com.iflytek": "iFLYTEK",
    "com.meizu.cloud": "Meizu push",
    "com.mob": "MobTech",
    "com.netease": "NetEase",
    "com.oppo": "OPPO push",
    "com.heytap": "OPPO push",
    "com.qq": "Tencent",
    "com.scottyab.rootbeer": "RootBeer",
    "com.sensorsdata": "Sensors Data",
    "com.sina": "Sina",
    "com.squareup": "Square",
    "com.tencent": "Tencent",
    "com.umeng": "Umeng",
    "com.unionpay": "UnionPay",
    "com.vivo": "vivo push",
    "com.xiaomi": "Xiaomi push",
    "dagger": "Dagger",
    "io.grpc": "gRPC",
    "io.netty": "Netty",
    "io.reactivex": "RxJava",
    "io.sentry": "Sentry",
    "javassist": "Javassist",
    "net.sqlcipher": "SQLCipher",
    "okhttp3": "OkHttp",
    "okio": "Okio",
    "org.apache": "Apache",
    "org.bouncycastle": "Bouncy Castle",
    "org.chromium": "Chromium",
    "org.greenrobot": "greenrobot",
    "org.hamcrest": "Hamcrest",
    "org.joda.time": "Joda-Time",
    "org.json": "JSON-java",
    "org.junit": "JUnit",
    "junit": "JUnit",
    "org.slf4j": "SLF4J",
    "org.spongycastle": "Spongy Castle",
    "org.webrtc": "WebRTC",
    "org.xmlpull": "XmlPull",
    "retrofit2": "Retrofit",
    "rx": "RxJava",
    "timber": "Timber",
}

_MOST_SEGMENTS = max(name.count(".") for name in LIBRARIES) + 1

USED_THROUGH = {
    "ACCESS_COARSE_LOCATION": ("Landroid/location/", "Lcom/google/android/gms/location/"),
    "ACCESS_FINE_LOCATION": ("Landroid/location/", "Lcom/google/android/gms/location/"),
    "BLUETOOTH_CONNECT": ("Landroid/bluetooth/",),
    "BLUETOOTH_SCAN": ("Landroid/bluetooth/",),
    "BODY_SENSORS": ("Landroid/hardware/Sensor",),
    "CALL_PHONE": ("Landroid/telephony/", "Landroid/telecom/"),
    "CAMERA": ("Landroid/hardware/camera2/", "Landroid/hardware/Camera;", "Landroidx/camera/"),
    "GET_ACCOUNTS": ("Landroid/accounts/",),
    "POST_NOTIFICATIONS": ("Landroid/app/NotificationManager;", "Landroidx/core/app/NotificationManagerCompat;"),
    "READ_CALENDAR": ("Landroid/provider/CalendarContract",),
    "READ_CALL_LOG": ("Landroid/provider/CallLog",),
    "READ_CONTACTS": ("Landroid/provider/ContactsContract",),
    "READ_EXTERNAL_STORAGE": ("Landroid/os/Environment;", "Landroid/provider/MediaStore"),
    "READ_MEDIA_IMAGES": ("Landroid/provider/MediaStore",),
    "READ_MEDIA_VIDEO": ("Landroid/provider/MediaStore",),
    "READ_PHONE_NUMBERS": ("Landroid/telephony/",),
    "READ_PHONE_STATE": ("Landroid/telephony/",),
    "READ_SMS": ("Landroid/provider/Telephony", "Landroid/telephony/Sms"),
    "RECEIVE_SMS": ("Landroid/provider/Telephony", "Landroid/telephony/Sms"),
    "RECORD_AUDIO": ("Landroid/media/AudioRecord;", "Landroid/media/MediaRecorder;"),
    "SEND_SMS": ("Landroid/telephony/Sms",),
    "WRITE_CALENDAR": ("Landroid/provider/CalendarContract",),
    "WRITE_CONTACTS": ("Landroid/provider/ContactsContract",),
    "WRITE_EXTERNAL_STORAGE": ("Landroid/os/Environment;", "Landroid/provider/MediaStore"),
}
"""Permissions by their last word, and the platform classes through which an application uses them."""


def library_of(descriptor: str) -> tuple[str, str]:
    """Return the longest known package of a class such as `Lokhttp3/Call;` and the library's name, or nothing."""
    segments = descriptor[1:].split("/")[:-1][:_MOST_SEGMENTS]
    for size in range(len(segments), 0, -1):
        package = ".".join(segments[:size])
        if package in LIBRARIES:
            return package, LIBRARIES[package]
    return "", ""
