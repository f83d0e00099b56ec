using System.Buffers.Binary;

namespace StingBackup.Engine.Tests.Guardian.Simulation;

/// <summary>The ends of formats, as the programs that write them leave them: directories of archives, and what stands behind the last byte of content.</summary>
internal static class SimulatedEnds
{
    /// <summary>Of an archive that 7z 16.02 wrote with -mhe: where the header lies, and the coder that enciphers it.</summary>
    private static readonly byte[] HiddenNames = Convert.FromHexString("17068CF001098000A0070B0100022406F1070112530F6AA55B4E9AD6DB86E6C336BE77B402DD23030101055D001000000100" + "0C809E80F20A011A7A2C260000");
    /// <summary>Of one that tells names: the header is compressed.</summary>
    private static readonly byte[] OpenNames = Convert.FromHexString("1706C0000001098081" + "00070B01000123030101055D001000000C80D20A011F58D92D0000");

    public static void Write(Format format, byte[] bytes)
    {
        if (bytes.Length < 160)
        {
            return;
        }
        switch (format)
        {
            case Format.Docx or Format.Xlsx or Format.Zip or Format.SealedZip:
                WriteZip(bytes, format == Format.SealedZip ? 9 : 8);
                break;
            case Format.SevenZip:
                WriteSevenZip(bytes, OpenNames);
                // LZMA2: the first chunk sets everything back, and says by which parameters it is packed.
                (bytes[32], bytes[37]) = (0xE0, 0x5D);
                break;
            case Format.SealedSevenZip:
                WriteSevenZip(bytes, HiddenNames);
                break;
            case Format.Pdf:
                "\nstartxref\n1234\n%%EOF\n"u8.CopyTo(bytes.AsSpan(bytes.Length - 22));
                break;
            case Format.Jpeg:
                (bytes[^2], bytes[^1]) = (0xFF, 0xD9);
                break;
            case Format.Png:
                ((ReadOnlySpan<byte>)[0, 0, 0, 0, (byte)'I', (byte)'E', (byte)'N', (byte)'D', 0xAE, 0x42, 0x60, 0x82]).CopyTo(bytes.AsSpan(bytes.Length - 12));
                break;
        }
    }

    private static void WriteZip(byte[] bytes, int flags)
    {
        var end = bytes.AsSpan(bytes.Length - 22 - 50);
        end.Clear();
        "PK\x01\x02"u8.CopyTo(end);
        (end[4], end[6], end[8], end[10], end[28]) = (63, 20, (byte)flags, 8, 4);
        "a.xm"u8.CopyTo(end[46..]);
        "PK\x05\x06"u8.CopyTo(end[50..]);
        (end[58], end[60], end[62]) = (1, 1, 50);
        BinaryPrimitives.WriteInt32LittleEndian(end[66..], bytes.Length - 72);
    }

    private static void WriteSevenZip(byte[] bytes, byte[] end)
    {
        ((ReadOnlySpan<byte>)[(byte)'7', (byte)'z', 0xBC, 0xAF, 0x27, 0x1C, 0, 4]).CopyTo(bytes);
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(12), bytes.Length - 32 - end.Length);
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(20), end.Length);
        end.CopyTo(bytes, bytes.Length - end.Length);
    }
}
