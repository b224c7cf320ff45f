#!/usr/bin/env python3
"""Writes src/text/fold_tables.c: what each letter of the common scripts is in plain a-z.

    python3 tools/fold_tables.py > src/text/fold_tables.c

Latin letters come from their Unicode decomposition, Cyrillic, Greek, Hebrew and Arabic from the
tables below (passport practice: ICAO 9303, BGN/PCGN simplified), kana and Indic letters from their
Unicode names, Han characters from a list of those that family and given names are mostly made of.
Each code point has at most 4 letters ("" = leaves no trace, " " = separates words).
"""
import unicodedata

SPECIAL = {
    'ß': 'ss', 'ẞ': 'ss', 'æ': 'ae', 'œ': 'oe', 'ø': 'o', 'đ': 'd', 'ð': 'd', 'þ': 'th', 'ł': 'l', 'ı': 'i', 'ħ': 'h',
    'ŋ': 'ng', 'ĸ': 'k', 'ŧ': 't', 'ſ': 's', 'ƒ': 'f', 'ə': 'a', 'ɓ': 'b', 'ɗ': 'd', 'ƙ': 'k', 'ŉ': 'n', 'ƀ': 'b',
    'ɛ': 'e', 'ɔ': 'o', 'ƴ': 'y', 'ª': 'a', 'º': 'o', '¹': '1', '²': '2', '³': '3', 'µ': 'm',
    # Cyrillic
    'а': 'a', 'б': 'b', 'в': 'v', 'г': 'g', 'д': 'd', 'е': 'e', 'ё': 'e', 'ж': 'zh', 'з': 'z', 'и': 'i', 'й': 'i',
    'к': 'k', 'л': 'l', 'м': 'm', 'н': 'n', 'о': 'o', 'п': 'p', 'р': 'r', 'с': 's', 'т': 't', 'у': 'u', 'ф': 'f',
    'х': 'kh', 'ц': 'ts', 'ч': 'ch', 'ш': 'sh', 'щ': 'shch', 'ъ': '', 'ы': 'y', 'ь': '', 'э': 'e', 'ю': 'yu', 'я': 'ya',
    'і': 'i', 'ї': 'yi', 'є': 'ye', 'ґ': 'g', 'ў': 'u', 'ј': 'j', 'љ': 'lj', 'њ': 'nj', 'ћ': 'c', 'ђ': 'dj', 'џ': 'dz',
    'ќ': 'k', 'ѓ': 'g', 'ѕ': 'dz', 'ѣ': 'e', 'ә': 'a', 'ғ': 'g', 'қ': 'k', 'ң': 'n', 'ө': 'o', 'ұ': 'u', 'ү': 'u',
    'һ': 'h', 'ҳ': 'h', 'ҷ': 'j', 'ӣ': 'i', 'ӯ': 'u',
    # Greek
    'α': 'a', 'β': 'v', 'γ': 'g', 'δ': 'd', 'ε': 'e', 'ζ': 'z', 'η': 'i', 'θ': 'th', 'ι': 'i', 'κ': 'k', 'λ': 'l',
    'μ': 'm', 'ν': 'n', 'ξ': 'x', 'ο': 'o', 'π': 'p', 'ρ': 'r', 'ς': 's', 'σ': 's', 'τ': 't', 'υ': 'y', 'φ': 'f',
    'χ': 'ch', 'ψ': 'ps', 'ω': 'o',
    # Hebrew
    'א': 'a', 'ב': 'b', 'ג': 'g', 'ד': 'd', 'ה': 'h', 'ו': 'v', 'ז': 'z', 'ח': 'h', 'ט': 't', 'י': 'y', 'ך': 'k',
    'כ': 'k', 'ל': 'l', 'ם': 'm', 'מ': 'm', 'ן': 'n', 'נ': 'n', 'ס': 's', 'ע': 'a', 'ף': 'f', 'פ': 'p', 'ץ': 'ts',
    'צ': 'ts', 'ק': 'k', 'ר': 'r', 'ש': 'sh', 'ת': 't',
    # Arabic, Persian, Urdu
    'ا': 'a', 'أ': 'a', 'إ': 'i', 'آ': 'a', 'ٱ': 'a', 'ب': 'b', 'ت': 't', 'ث': 'th', 'ج': 'j', 'ح': 'h', 'خ': 'kh',
    'د': 'd', 'ذ': 'dh', 'ر': 'r', 'ز': 'z', 'س': 's', 'ش': 'sh', 'ص': 's', 'ض': 'd', 'ط': 't', 'ظ': 'z', 'ع': 'a',
    'غ': 'gh', 'ف': 'f', 'ق': 'q', 'ك': 'k', 'ک': 'k', 'ل': 'l', 'م': 'm', 'ن': 'n', 'ه': 'h', 'ة': 'a', 'و': 'u',
    'ؤ': 'u', 'ي': 'i', 'ی': 'i', 'ئ': 'i', 'ى': 'a', 'ء': '', 'پ': 'p', 'چ': 'ch', 'ژ': 'zh', 'گ': 'g', 'ں': 'n',
    'ٹ': 't', 'ڈ': 'd', 'ڑ': 'r', 'ہ': 'h', 'ھ': 'h', 'ے': 'e',
    # Armenian, Georgian
    **dict(zip('աբգդեզէըթժիլխծկհձղճմյնշոչպջռսվտրցւփքօֆև',
               'a b g d e z e y t zh i l kh ts k h dz gh ch m y n sh o ch p j r s v t r ts u p k o f ev'.split())),
    **dict(zip('აბგდევზთიკლმნოპჟრსტუფქღყშჩცძწჭხჯჰ',
               'a b g d e v z t i k l m n o p zh r s t u p k gh q sh ch ts dz ts ch kh j h'.split())),
    'ん': 'n', 'ン': 'n', 'っ': '', 'ッ': '', 'ー': '',
    '’': '', '‘': '', 'ʼ': '', 'ʻ': '', 'ʹ': '', '`': '', '´': '', '\u00ad': '', '\u200b': '', '\u200c': '', '\u200d': '', '\ufeff': '',
}
KANA = {'si': 'shi', 'ti': 'chi', 'tu': 'tsu', 'hu': 'fu', 'zi': 'ji', 'di': 'ji', 'du': 'zu', 'wo': 'o'}
HAN = ('wang王汪 li李黎 zhang张張章 liu刘劉柳 chen陈陳晨 yang杨楊 huang黄黃 zhao赵趙 zhou周 wu吴吳武 xu徐许許 sun孙孫 ma马馬 zhu朱 '
       'hu胡 guo郭国國 he何贺賀和 lin林琳 gao高 luo罗羅 zheng郑鄭正 liang梁亮 xie谢謝 song宋 tang唐 han韩韓 feng冯馮峰凤鳳 deng邓鄧 cao曹 '
       'peng彭鹏鵬 zeng曾 xiao肖萧蕭小晓曉 tian田天 dong董东東冬 pan潘 yuan袁媛 cai蔡 jiang蒋蔣江 yu于余俞宇玉雨 du杜 ye叶葉 cheng程成 wei魏伟偉卫衛威 '
       'su苏蘇 lü吕呂 ding丁 ren任仁 lu卢盧陆陸鲁路 yao姚 shen沈 zhong钟鍾忠 cui崔 tan谭譚 fan范樊 liao廖 shi石史施诗世 jin金 jia贾賈佳家 xia夏霞 '
       'fu付傅福 fang方芳 zou邹 xiong熊雄 bai白 meng孟梦夢 qin秦琴 qiu邱秋 hou侯 yin尹 xue薛雪 yan闫颜顏燕岩艳艷 lei雷磊 long龙龍 tao陶涛濤 '
       'hao郝浩豪昊 mao毛 gu顾顧 gong龚龔 shao邵 wan万萬 qian钱錢 dai戴 xiang向翔 tang汤 mo莫 kong孔 chang常 jie杰傑洁潔 xiu秀 ying英莹颖 min敏民 '
       'jing静靜晶 li丽麗力利 qiang强強 jun军軍君俊 chao超 ming明 hua华華 gang刚剛 ping平萍 hui辉輝慧惠 gui桂贵 juan娟 na娜 na娜 lan兰蘭 hong红紅洪宏 '
       'mei梅美 yun云雲 bo波博 bin斌彬 kai凯 jian建健 xin新欣鑫心 zhi志智 wen文 ting婷 qing清青庆 yue月悦 shu淑树 zhen珍振真 lian莲 bao宝 sheng生胜 '
       'rong荣 de德 guang光广 jie杰 xi喜希 yi一怡毅义 zi子梓 xuan轩 han涵 shan山珊 shuang双 ning宁 nan南 bei北 shang上尚 hai海 chun春 you有友 xing星兴')

def table():
    t = {}
    for cp in list(range(0xA0, 0x600)) + list(range(0x600, 0x700)) + list(range(0x10A0, 0x1100)) + \
            list(range(0x1C80, 0x1CC0)) + list(range(0x1E00, 0x2070)) + list(range(0xFF00, 0xFF60)):
        t[cp] = latin(chr(cp))
    for cp in list(range(0x3040, 0x3100)) + list(range(0x900, 0xE00)) + list(range(0x1780, 0x17F0)):
        t[cp] = by_name(chr(cp))
    for cp in range(0x3000, 0x3040):
        t[cp] = ' '
    for entry in HAN.replace('lü', 'lu').split():
        letters = ''.join(c for c in entry if c < '\x80')
        for c in entry[len(letters):]:
            t[ord(c)] = letters
    return t

def latin(c):
    lower = c.lower()[0]
    if lower in SPECIAL: return SPECIAL[lower]
    cat = unicodedata.category(c)
    if cat[0] == 'M' or cat == 'Cf': return ''
    plain = unicodedata.normalize('NFKD', c).lower()
    out = ''
    for d in plain:
        if d.isascii() and d.isalnum(): out += d
        elif d in SPECIAL: out += SPECIAL[d]
        elif unicodedata.category(d)[0] == 'M': pass
        elif unicodedata.category(d) == 'Nd': out += str(unicodedata.digit(d))
        elif unicodedata.category(d)[0] in 'PZSC': out += ' ' if not out else ''
        else: return None
    return out[:4]

def by_name(c):
    if c in SPECIAL: return SPECIAL[c]
    name = unicodedata.name(c, '')
    cat = unicodedata.category(c)
    if cat == 'Nd': return str(unicodedata.digit(c))
    if 'VIRAMA' in name or 'NUKTA' in name: return '-'     # takes the inherent vowel away
    for mark in ('SIGN ANUSVARA', 'CANDRABINDU'):
        if mark in name: return 'n'
    words = name.split(' ')
    if 'SIGN' in words and 'VOWEL' in words: return '-' + words[-1].lower()[:3]
    if 'LETTER' in words:
        letters = words[-1].lower()
        if c >= '\u3040' and c < '\u3100': return KANA.get(letters, letters)[:4]
        if words[0] == 'KHMER':
            return letters[:-1] if letters[-1] in 'ao' and len(letters) > 1 else letters[:4]
        return letters[:4]
    return '' if cat[0] in 'MC' or not name else ' '

def main():
    t = {cp: v for cp, v in table().items() if v is not None and all(ord(x) < 128 for x in v)}
    cps = sorted(t)
    blocks, start = [], cps[0]
    for a, b in zip(cps, cps[1:] + [None]):
        if b is None or b - a > 24:
            blocks.append((start, a))
            start = b
    singles = [b for b in blocks if b[1] - b[0] < 4]
    print('/* Written by tools/fold_tables.py: see there. */\n#include "text/fold_tables.h"\n')
    print('/* clang-format off */\nconst char fold_letters[][8] = {')
    offset, index = 0, []
    for lo, hi in blocks:
        index.append((lo, hi, offset))
        row = []
        for cp in range(lo, hi + 1):
            v = t.get(cp)
            row.append('"%s"' % ('?' if v is None else v))
            offset += 1
        for i in range(0, len(row), 16): print('    ' + ', '.join(row[i:i + 16]) + ',')
    print('};\n\nconst struct fold_block fold_blocks[] = {')
    for i in range(0, len(index), 5): print('    ' + ' '.join('{0x%X, 0x%X, %d},' % x for x in index[i:i + 5]))
    print('};\n/* clang-format on */\n\nconst size_t fold_block_count = sizeof fold_blocks / sizeof fold_blocks[0];')

main()
