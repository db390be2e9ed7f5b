"""Names that storage systems, viewers and transfers give to what they leave in folders, by the reason to leave it out.

Only names that belong to one system or program stand here: a folder `previews` or a file `thumb_01.jpg` may be data. They are
shell patterns of one name in any case of letters; a folder's may also name the folder above it.
"""

from __future__ import annotations

FOLDERS: dict[str, tuple[str, ...]] = {
    "thumbnail": (
        "@eaDir",  # Synology
        ".@__thumb",  # QNAP
        "@__thumb",  # QNAP, old
        ".thumbnails",
        ".thumbnail",
        ".thumbs",
        ".tmb",  # elFinder
        "_thumb",
        "_thumbs",  # CKFinder
        "_thumbnails",
        "*.lrdata",  # Lightroom's previews
        ".xvpics",
        "thmbnl",  # Sony
        "avchdtn",  # Panasonic
        ".wdmc",  # Western Digital
        ".jalbum",
        "*.photoslibrary/resources",  # Apple Photos; its originals are images
        "*.photolibrary/thumbnails",
        "*.photolibrary/previews",
        "*.migratedphotolibrary/thumbnails",
        "*.migratedphotolibrary/previews",
        "*.aplibrary/thumbnails",
        "*.aplibrary/previews",
    ),
    "trash": (
        "$recycle.bin",
        "recycler/s-1-5-*",  # Windows NT to XP
        "#recycle",  # Synology
        "@recycle",  # QNAP
        "@sharebin",  # Synology
        ".recycle",  # Samba
        ".deleted",  # Samba
        ".trash",
        ".trash-*",
        ".trashes",
        ".trashbox",
        ".caltrash",  # Calibre
        ".dtrash",  # digiKam
        "files_trashbin",  # Nextcloud
        "network trash folder",
    ),
    "snapshot": (
        "#snapshot",  # Synology
        "@recently-snapshot",  # QNAP
        ".snapshot",
        ".snapshots",
        "~snapshot",  # NetApp
        ".zfs",
        "@gmt-????.??.??-??.??.??",  # Samba's shadow copies
        ".stversions",  # Syncthing
        ".picasaoriginals",
        "files_versions",  # Nextcloud
    ),
    "unfinished": (".rsync-partial", ".~tmp~", "*.jpg.download", "*.jpeg.download", "*.png.download"),
    "cache": (
        "captureone",
        ".dropbox.cache",
        ".tmp.drivedownload",  # Google Drive
        ".tmp.driveupload",
        ".cache",
        "appdata_oc??????????",  # Nextcloud
        ".ipynb_checkpoints",
    ),
    "system": (
        "__macosx",
        ".appledouble",
        ".appledb",
        ".appledesktop",
        ".spotlight-v100",
        ".fseventsd",
        ".temporaryitems",
        ".documentrevisions-v100",
        "temporary items",
        "system volume information",
        "lost+found",
        "found.00?",  # chkdsk
        "@tmp",  # Synology
        "@synoresource",
        ".git",
        ".svn",
        ".hg",
        ".dvc",
        ".stfolder",
        ".sync",
        "__pycache__",
    ),
    "hidden": (".*",),
}

FILES: dict[str, tuple[str, ...]] = {
    "thumbnail": (
        "thumbs.db",
        "thumbs.db:encryptable",
        "ehthumbs.db",
        "ehthumbs_vista.db",
        "photothumb.db",  # PhotoScape
        "thumbcache_*.db",
        "thumbnails-digikam.db",
        "synophoto_thumb_*",
        "synofile_thumb_*",
        "zbthumbnail.info",  # Canon ZoomBrowser
        "pspbrwse.jbf",  # Paint Shop Pro
        "*.thm",  # cameras: a JPEG beside a film or raw file
        "*.lrprev",
        "albumartsmall.jpg",  # Windows Media Player
        "albumart_{*}_*.jpg",
        "photo_*@*_thumb.jpg",  # Telegram's export
        "*.jpg_thumb.jpg",
        "*.mp4_thumb.jpg",
        "*.webp_thumb.jpg",
    ),
    "trash": (".trashed-*",),
    "unfinished": (
        "*.part",
        "*.partial",
        "*.tmp",
        "*.temp",
        "*.crdownload",  # Chromium
        "*.opdownload",  # Opera
        "*.filepart",  # WinSCP
        "*.gstmp",  # gsutil
        "*.aria2",
        "*.!qb",
        "*.!ut",
        "*.!sync",  # Resilio
        "*.bc!",
        "*.fdmdownload",
        "*.sb-????????-??????",  # macOS
        ".*.??????",  # rsync, until it renames the file
        ".syncthing.*",
        ".pending-*",  # Android
        ".azdownload-*",
        ".goutputstream-*",
        ".nfs????????????????*",
        ".fuse_hidden*",
        ".*.icloud",  # a placeholder
        ".~lock.*#",
        "~$*",
        "*~",
    ),
    "sidecar": ("*.xmp", "*.aae", "*.pp3", "*.dop", "*.cos", "*.cot", "*.vrd", "*.nksc", "*.supplemental-metadata.json"),
    "system": (
        "._*",  # AppleDouble
        ".ds_store",
        ".localized",
        ".directory",
        "desktop.ini",
        "icon\r",
        ".picasa.ini",
        "picasa.ini",
        ".nomedia",
        "synoindex_media_info",
        ".gitignore",
        ".gitkeep",
        ".gitattributes",
    ),
    "hidden": (".*",),
}

MARKED_FOLDERS: tuple[tuple[str, str, str], ...] = (
    ("*", "CACHEDIR.TAG", "cache"),  # https://bford.info/cachedir
    ("*", ".ppstorage", "cache"),  # PhotoPrism
    ("thumbs", ".immich", "thumbnail"),
    ("recycled", "INFO2", "trash"),  # Windows 98
)
"""Name of a folder, a file in it that tells whose folder it is, reason."""

CONFLICT_COPIES: tuple[str, ...] = (
    # Dropbox and Nextcloud
    r" \([^()]*(?:conflicted copy|Case Conflict|In Konflikt stehende Kopie|Copie en conflit|Copia en conflicto)[^()]*\)",
    r"\.sync-conflict-\d{8}-\d{6}-[A-Z0-9]{7}",  # Syncthing
    r"_conflict-\d{8}-\d{6}",  # ownCloud
    r" \(SFConflict [^()]*\)",  # Seafile
    r"_[^_]+_[A-Z][a-z]{2}-\d{2}-\d{6}-\d{4}_(?:Case)?Conflict",  # Synology Drive
)
"""Texts before the ending of a file that two sides of a synchronization changed; without them the name is the original's."""
