using StingBackup.Engine.Basics;
using StingBackup.Engine.Cryptography;
using StingBackup.Engine.Repository;
using StingBackup.Engine.Reserve;
using StingBackup.Engine.Reserve.Configuration;

namespace StingBackup.Engine;

/// <summary>
/// Has the runtime compile, on a thread beside the one that still imports the module, what the first command of a session would else wait for: generic code of the framework over our own types,
/// which no assembly of ours can bring along compiled. It examines a configuration that it makes up and reads a restore point that it wrote; it touches no file and keeps nothing.
/// </summary>
public static class FirstUse
{
    /// <summary>Starts, and returns at once.</summary>
    public static void Prepare() => new Thread(() =>
    {
        try
        {
            Run();
        }
        catch (Exception)
        {
            // Nothing was asked for, so nobody is owed an answer: what cannot be done here is told by the command that needs it.
        }
    }) { IsBackground = true, Name = "sting first use" }.Start();

    /// <summary>Does it, on this thread.</summary>
    internal static void Run()
    {
        var root = OperatingSystem.IsWindows() ? @"C:\" : "/";
        var text = $"repository:\n  backup_root: {root}repository\nreserve:\n  path: {root}reserve\nkeys:\n  directory: {root}keys\n";
        var configuration = new ConfigurationLoader(new InventedHost(root)).ExamineText(text, $"{root}none/sting-backup.yaml").Require();
        _ = ReserveMap.Compile(configuration.Reserve, UsersMap.Empty);
        using var signer = EcdsaSigner.Generate();
        Id16 reserve = new(new byte[Id16.Size]), writer = new(new byte[Id16.Size]);
        var point = new PointRecord { Reserve = reserve, Writer = writer, Sequence = 1, Previous = default, Name = "backup_20240101_000000", TimeNs = 0, CompletedNs = 0, Classes = [new PointClass(DataClass.UserFiles, [default], 1, 1, 1, 1)] };
        _ = PointRecord.Read(point.ObjectName, point.ToBytes(signer), reserve, _ => signer.PublicKey);
        _ = new RepositoryIndex([IndexFragment.Read("index/0/none", IndexFragment.Write(new IndexContent(), reserve, writer, 1, 0, signer), reserve, _ => signer.PublicKey)]);
    }

    /// <summary>A host on which every folder is there and no file.</summary>
    private sealed class InventedHost(string root) : IHostView
    {
        public bool IsWindows => OperatingSystem.IsWindows();
        public string CurrentDirectory => root;
        public string HomeDirectory => root;
        public string? GetVariable(string name) => null;
        public bool FileExists(string path) => false;
        public bool DirectoryExists(string path) => true;
        public bool CanRead(string path) => true;
        public bool CanWrite(string path) => true;
        public byte[] ReadFile(string path) => [];
        public string RealPath(string path) => path;
        public UnixFileMode? ModeOf(string path) => null;
        public (long Free, long Total)? RoomOf(string path) => null;
        public IReadOnlyList<string> DirectoriesIn(string path) => [];
    }
}
