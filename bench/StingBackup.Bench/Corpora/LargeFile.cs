using Microsoft.Win32.SafeHandles;
using StingBackup.Engine.Reserve.Sample;

namespace StingBackup.Bench.Corpora;

/// <summary>One file of 3 GB, half of which compresses: what makes a backup program's cost per byte show.</summary>
internal static class LargeFile
{
    /// <summary>Length at full size, in bytes.</summary>
    public const long FullLength = 3_000_000_000;

    private const int PartLength = 16 << 20;
    private const double ChangedShare = 0.05;

    /// <summary>Builds the corpus; returns how many files and bytes it has.</summary>
    public static (int Files, long Length) Generate(string root, int seed, double scale)
    {
        var length = (long)(FullLength * scale);
        var folder = $"users/{SampleRandom.For(seed, "large file").NextUuid()}/exports";
        SampleWriter.MakeFolder(root, folder);
        var path = Path.Join(root, folder, "database-export.bin");
        using (var file = File.OpenHandle(path, FileMode.CreateNew, FileAccess.Write, preallocationSize: length))
        {
            Parallel.For(0, (length + PartLength - 1) / PartLength, part =>
            {
                var offset = part * PartLength;
                var buffer = new byte[Math.Min(PartLength, length - offset)];
                FillPart(buffer, SampleRandom.For(seed, "large part", part));
                RandomAccess.Write(file, buffer, offset);
            });
        }
        SampleWriter.SetMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead);
        File.SetLastWriteTimeUtc(path, SampleClock.Epoch);
        SampleWriter.StampFolders(root);
        return (1, length);
    }

    /// <summary>Writes over 5 % of the file, in pieces of 64 KB to 1 MB at random places.</summary>
    public static void Change(string root, int seed)
    {
        var path = Directory.EnumerateFiles(root, "database-export.bin", SearchOption.AllDirectories).Single();
        var time = File.GetLastWriteTimeUtc(path);
        var random = SampleRandom.For(seed, "large change");
        using (SafeFileHandle file = File.OpenHandle(path, FileMode.Open, FileAccess.Write))
        {
            var length = RandomAccess.GetLength(file);
            for (var left = (long)(length * ChangedShare); left > 0;)
            {
                var piece = new byte[Math.Min(random.Between(64 << 10, 1 << 20), left)];
                FillPart(piece, random);
                RandomAccess.Write(file, piece, (long)(random.NextDouble() * (length - piece.Length)));
                left -= piece.Length;
            }
        }
        File.SetLastWriteTimeUtc(path, time + SampleClock.Tick);
    }

    // Stretches of 16 KB to 1 MB, in turn of text and of noise; a pair has the same length, so the halves are even.
    private static void FillPart(Span<byte> buffer, SampleRandom random)
    {
        while (buffer.Length > 0)
        {
            var stretch = (int)(16384 * Math.Pow(64, random.NextDouble()));
            var text = buffer[..Math.Min(stretch, (buffer.Length + 1) / 2)];
            SampleBody.Fill(text, SampleFileKind.Text, random);
            buffer = buffer[text.Length..];
            var noise = buffer[..Math.Min(stretch, buffer.Length)];
            random.Fill(noise);
            buffer = buffer[noise.Length..];
        }
    }
}
