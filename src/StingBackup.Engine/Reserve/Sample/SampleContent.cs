using System.Buffers;
using System.IO.Hashing;

namespace StingBackup.Engine.Reserve.Sample;

/// <summary>
/// The bytes of one sample file: a header and a footer of its kind around a body. The same kind, length and seed give the same bytes, so a duplicate is
/// written as fast as an original and no content is held in memory.
/// </summary>
internal static class SampleContent
{
    /// <summary>Shorter files than this hold no room for the frames of every kind.</summary>
    public const int MinLength = 512;

    private const int BufferLength = 256 * 1024;

    /// <summary>Writes exactly <paramref name="length"/> bytes.</summary>
    public static void Write(Stream target, SampleFileKind kind, long length, ulong seed)
    {
        var random = new SampleRandom(seed);
        var frame = SampleFrame.Of(kind, length, random);
        target.Write(frame.Header);
        var checksum = frame.Checksummed ? new Crc32() : null;
        checksum?.Append(frame.ChecksumStart);
        var buffer = ArrayPool<byte>.Shared.Rent(BufferLength);
        try
        {
            for (var left = frame.BodyLength; left > 0;)
            {
                var part = buffer.AsSpan(0, (int)Math.Min(left, BufferLength));
                SampleBody.Fill(part, kind, random);
                checksum?.Append(part);
                target.Write(part);
                left -= part.Length;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
        target.Write(frame.Footer(checksum?.GetCurrentHashAsUInt32() ?? 0));
    }
}
