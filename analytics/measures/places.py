"""Which sites are search engines, social networks, shops or video sites: facts, kept short.

The words are those of Google Analytics' published list of source categories, with a few newer
sites. A name stands for itself and for each host whose own name it is, whatever comes before it or
after it: `google` is www.google.co.uk as well. A host stands for itself alone, and goes first.
"""

from __future__ import annotations

NAMES: dict[str, str] = {
    "search": """
    auone babylon baidu biglobe bing brave daum dogpile duckduckgo ecosia eniro google
    haosou incredimail kvasir naver qwant rambler seznam sogou startpage startsiden yahoo
    yandex
    """,
    "social": """
    43things activerain activeworlds addthis alumniclass americantowns answerbag aolanswers
    askubuntu athlinks baby-gaga badoo bebo beforeitsnews bharatstudent blackplanet blogger
    blogher bloglines blogsome blogspot blogster blurtit brightkite brizzly buzzfeed buzznet
    cafemom camospace catster cellufun chicagonow classmates classquest cocolog-nifty
    cozycot crunchyroll cyworld deviantart dianping digg diigo disqus dogster dol2day
    doostang dopplr douban drugs-forum dzone elftown extole facebook faceparty fanpop fark
    fc2 feedspot feministing filmaffinity flickr flipboard folkdirect fotki fotolog
    foursquare friendfeed fubar gaiaonline gamerdna glassboard glassdoor godtube gooblog
    goodreads googleplus govloop gowalla habbo hatena hi5 hootsuite houzz hoverspot
    hubculture ibibo imageshack imvu insanejournal instagram instapaper intherooms italki
    jammerdirect kakao kaneva librarything linkedin listal listography livejournal meetup
    mocospace mouthshut movabletype mubi myheritage mymodernmet myspace netvibes nexopia
    niconico nightlifelink ning onstartups opendiary photobucket pinboard pingsta pinterest
    plurk posterous qapacity quechup quora ravelry reddit renren reverbnation ryze
    salespider screenrant scribd scvngr secondlife serverfault sharethis skype skyrock
    snapchat socialvibe spruz stackapps stackexchange stackoverflow stickam superuser sweeva
    taggedmail talkbiznow techmeme tiktok tinyurl travellerspoint tripadvisor trustpilot
    tudou tuenti tumblr tweetdeck twitter typepad vampirefreaks vampirerave wakoopa wattpad
    webshots wechat weebly weibo whatsapp wordpress xanga xing yammer yelp zalo zooppa
    """,
    "shopping": """
    alibaba amazon ebay etsy igshopping mercadolibre shopify shopzilla walmart
    """,
    "video": """
    crackle curiositystream dailymotion disneyplus hulu iqiyi netflix twitch utreon veoh
    vimeo wistia youku youtube
    """,
}

# What the names above would claim, and what only these very words mean.
HOSTS: dict[str, str] = {
    "": """
    accounts.google.com aws.amazon.com calendar.google.com classroom.google.com
    com.google.android.gm docs.google.com drive.google.com mail.google.com mail.yahoo.com
    meet.google.com pay.google.com teams.linkedin.com
    """,
    "search": """
    360.cn alice aol ask avg centrum.cz cnn comcast conduit exalead.com excite.com firmy.cz
    globo go.mail.ru google-play lycos msn msn.com najdi ntp.msn.com onet onet.pl rakuten
    rakuten.co.jp search-results search.aol.co.uk search.aol.com search.smt.docomo.ne.jp
    search.ukr.net secureurl.ukr.net so.com suche.aol.de terra tut.by ukr virgilio
    websearch.rakuten.co.jp
    """,
    "social": """
    51.com 5ch.net academia.edu airg.ca allnurses.com allrecipes.com ameba.jp ameblo.jp
    ancestry.com anobii anobii.com answers.yahoo.com artstation.com asmallworld.com
    away.vk.com awe.sm babyblog.ru biip.no biswap.org bit.ly blackcareernetwork.com blip.fm
    blog.com blog.goo.ne.jp blog.naver.com blog.yahoo.co.jp blogg.no bloggang.com blogs.com
    bookmarks.yahoo.co.jp bookmarks.yahoo.com bsky.app cafe.naver.com canalblog.com care.com
    care2 care2.com caringbridge.org cbnt.io centerblog.net chegg.com chiebukuro.yahoo.co.jp
    copainsdavant.linternaute.com couchsurfing.org cross.tv dailystrength.org deluxe.com
    discover.hubpages.com draugiem.lv edublogs.org epicurious.com everforo.com exblog.jp
    fandom.com fb fb.me foodservice foodservice.com forums.androidcentral.com
    forums.crackberry.com forums.imore.com forums.webosnation.com forums.wpcentral.com
    fruehstueckstreff.org gather.com geni.com getpocket.com goldenline.pl goldstar
    goldstar.com goo.gl google+ googlegroups.com gree.jp groups.google.com gulli.com
    gutefrage.net hr.com hubpages.com hyves.net hyves.nl identi.ca ig internations.org
    interpals.net irc-galleria.net is.gd jappy.com jappy.de kaboodle.com kakaocorp.com
    kin.naver.com l.messenger.com last.fm lifestream.aol.com line line.me livedoor.com
    livedoorblog lnkd.in m.blog.naver.com m.cafe.naver.com m.kin.naver.com m.vk.com
    mastodon.social mbga.jp medium.com meetin.org meinvz.net meneame.net menuism.com
    messages.google.com messages.yahoo.co.jp messenger messenger.com mix.com mixi.jp
    my.opera.com myanimelist.net mylife mylife.com news.ycombinator.com newsshowcase
    ngopost.org nicovideo.jp odnoklassniki.ru odnoklassniki.ua okwave.jp oneworldgroup.org
    oshiete.goo.ne.jp over-blog.com overblog.com paper.li partyflock.nl pixiv.net
    playahead.se plus.google.com plus.url.google.com pocket.co pro.homeadvisor.com
    pulse.yahoo.com qzone.qq.com redux redux.com researchgate.net reunion reunion.com rtl.de
    scoop.it shareit shvoong.com sites.google.com slashdot.org slideshare.net smartnews.com
    social sociallife.com.br spaces.live.com spoke spoke.com ssense.com stardoll.com
    studivz.net suomi24.fi t.co t.me tagged tagged.com taringa.net tencent tencent.com
    threads.com threads.net toolbox toolbox.com trombi trombi.com twoo.com unblog.fr
    urbanspoon.com ushareit.com ushi.cn vg.no video.ibm.com vk.com vkontakte.ru
    wer-weiss-was.de weread weread.com wiki.answers.com wikihow.com wikitravel.org woot.com
    x.com yahoo-mbga.jp youroom.in zoo.gr
    """,
    "shopping": """
    aax-us-east.amazon-adsystem.com aax.amazon-adsystem.com checkout.stripe.com
    cr.shopping.naver.com cr2.shopping.naver.com m.shopping.naver.com
    msearch.shopping.naver.com nl.shopping.net no.shopping.net order.shopping.yahoo.co.jp
    s3.amazonaws.com se.shopping.net shop.app shopping.naver.com shopping.yahoo.co.jp
    shopping.yahoo.com simplycodes.com store.shopping.yahoo.co.jp stripe stripe.com
    uk.shopping.net
    """,
    "video": """
    d.tube iq.com justin.tv ted ted.com viadeo.journaldunet.com
    """,
}
