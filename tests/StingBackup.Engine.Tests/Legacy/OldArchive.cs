using System.Formats.Tar;
using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;

namespace StingBackup.Engine.Tests.Legacy;

/// <summary>
/// Writes archives as <c>perform_backup</c> of STING's lib/backup.sh does: the installation's folder (<c>./…</c>), then the dump, then docker_volumes with a tar.gz for each volume; and
/// <c>encrypt_backup</c>'s file of one.
/// </summary>
internal sealed class OldArchive : IDisposable
{
    private readonly MemoryStream _bytes = new();
    private readonly GZipStream _gzip;
    private readonly TarWriter _tar;

    private OldArchive(TarEntryFormat format)
    {
        Format = format;
        _gzip = new GZipStream(_bytes, CompressionLevel.Fastest, leaveOpen: true);
        _tar = new TarWriter(_gzip, format, leaveOpen: true);
    }

    private TarEntryFormat Format { get; }

    /// <summary>When its files were changed last.</summary>
    public DateTimeOffset Time { get; set; } = new(2025, 11, 2, 1, 59, 30, TimeSpan.Zero);

    /// <summary>An archive without anything in it.</summary>
    public static OldArchive Empty(TarEntryFormat format = TarEntryFormat.Gnu) => new(format);

    /// <summary>An archive of a small installation, begun at <paramref name="time"/> by the host's clock, which is UTC; the dump was done ten seconds later.</summary>
    public static OldArchive Sample(string time = "20251102_020000", TarEntryFormat format = TarEntryFormat.Gnu)
    {
        var archive = new OldArchive(format);
        archive.Folder("./");
        archive.File("./docker-compose.yml", "services: {}\n");
        archive.Folder("./conf/").File("./conf/config.yml", "version: 1\n").Folder("./conf/secrets/").File("./conf/secrets/backup_key.txt", "key\n");
        archive.Folder("./env/").File("./env/app.env", "HONEY_RESERVE_MASTER_KEY=x\n").File("./.env", "A=1\n");
        archive.Folder("./honey-reserve/").Folder("./honey-reserve/7/").File("./honey-reserve/7/letter.txt", "dear");
        archive.File("./" + new string('n', 120) + ".md", "a long name");
        archive.Dump(time, $"--\n-- PostgreSQL database dump\n--\nCOPY public.users (id) FROM stdin;\n7\n\\.\n-- {time}\n");
        archive.Folder("docker_volumes/");
        archive.File("docker_volumes/vault_file.tar.gz", Volume(v => v.Folder("./").Folder("./sys/").File("./sys/_token", "sealed").File("./.vault-init.json", "{}")));
        archive.File("docker_volumes/sting_logs.tar.gz", Volume(v => v.Folder("./").File("./app.log", "line 1\nline 2\n")));
        return archive;
    }

    /// <summary>The bytes of a volume's own archive.</summary>
    public static byte[] Volume(Action<OldArchive> fill)
    {
        using var volume = new OldArchive(TarEntryFormat.Gnu);
        fill(volume);
        return volume.ToBytes();
    }

    /// <summary>The dump that the script puts into its temporary folder.</summary>
    public OldArchive Dump(string time, string text)
    {
        var (before, local) = (Time, DateTime.ParseExact(time, "yyyyMMdd_HHmmss", System.Globalization.CultureInfo.InvariantCulture));
        Time = new DateTimeOffset(local, TimeSpan.Zero).AddSeconds(10);
        File($"db_backup_{time}.sql", text);
        Time = before;
        return this;
    }

    public OldArchive File(string name, string text) => File(name, Encoding.UTF8.GetBytes(text));

    public OldArchive File(string name, byte[] content) => Add(TarEntryType.RegularFile, name, e =>
    {
        e.DataStream = new MemoryStream(content);
        e.Mode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    });

    public OldArchive Folder(string name) => Add(TarEntryType.Directory, name, static e => e.Mode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);

    public OldArchive Link(string name, string target, bool hard = false) => Add(hard ? TarEntryType.HardLink : TarEntryType.SymbolicLink, name, e => e.LinkName = target);

    /// <summary>An entry of any kind.</summary>
    public OldArchive Add(TarEntryType type, string name, Action<TarEntry> set)
    {
        TarEntry entry = Format == TarEntryFormat.Pax ? new PaxTarEntry(type, name) : new GnuTarEntry(type, name);
        (entry.ModificationTime, entry.Uid, entry.Gid) = (Time, 1000, 1000);
        set(entry);
        _tar.WriteEntry(entry);
        return this;
    }

    /// <summary>The whole file.</summary>
    public byte[] ToBytes()
    {
        _tar.Dispose();
        _gzip.Dispose();
        return _bytes.ToArray();
    }

    /// <summary>Writes it into a folder; gives its path.</summary>
    public string Save(string folder, string name = "sting_backup_20251102_020000.tar.gz") => Save(folder, name, ToBytes());

    /// <summary>Writes bytes into a folder; gives their path.</summary>
    public static string Save(string folder, string name, byte[] bytes)
    {
        Directory.CreateDirectory(folder);
        var path = Path.Combine(folder, name);
        System.IO.File.WriteAllBytes(path, bytes);
        return path;
    }

    /// <summary>As <c>openssl enc -aes-256-cbc -salt -pbkdf2 -iter 100000</c> does.</summary>
    public static byte[] Encrypt(byte[] plain, string passphrase)
    {
        var salt = RandomNumberGenerator.GetBytes(8);
        var derived = Rfc2898DeriveBytes.Pbkdf2(passphrase, salt, 100_000, HashAlgorithmName.SHA256, 48);
        using var aes = Aes.Create();
        aes.Key = derived[..32];
        return [.. "Salted__"u8, .. salt, .. aes.EncryptCbc(plain, derived[32..])];
    }

    public void Dispose()
    {
        _tar.Dispose();
        _gzip.Dispose();
        _bytes.Dispose();
    }
}
