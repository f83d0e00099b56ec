using System.Buffers.Binary;
using System.Text;

namespace StingBackup.Engine.Tests.Guardian.Simulation;

/// <summary>What people keep, as bytes that look like it: the right beginning, and behind it text, numbers, or what compression leaves.</summary>
internal enum Format { Text, Code, Csv, Xml, Docx, Xlsx, Pdf, Jpeg, Png, Mp4, Zip, Sqlite, Wav, Gpg, Kdbx, Opaque, SevenZip, SealedSevenZip, SealedZip, Coded }

internal static class SimulatedContent
{
    private static readonly string[] Words = "the of honey jar reserve bee comb report meeting draft budget invoice system value return class public static string contract annual quarter total note review change plan table figure query result".Split(' ');

    public static string ExtensionOf(Format format) => format switch
    {
        Format.Text => ".txt", Format.Code => ".cs", Format.Csv => ".csv", Format.Xml => ".xml", Format.Docx => ".docx", Format.Xlsx => ".xlsx", Format.Pdf => ".pdf", Format.Jpeg => ".jpg", Format.Png => ".png", Format.Mp4 => ".mp4",
        Format.Zip => ".zip", Format.Sqlite => ".sqlite", Format.Wav => ".wav", Format.Gpg => ".gpg", Format.Kdbx => ".kdbx", Format.SevenZip or Format.SealedSevenZip => ".7z", Format.SealedZip => ".zip", _ => ".bin",
    };

    public static byte[] Make(Format format, int length, Random random)
    {
        var bytes = new byte[length];
        switch (format)
        {
            case Format.Text or Format.Code or Format.Csv or Format.Xml:
                Write(bytes, 0, format, random);
                break;
            case Format.Sqlite:
                Structure(bytes, random);
                Head(bytes, "SQLite format 3\0"u8);
                break;
            case Format.Wav:
                for (var i = 0; i + 2 <= length; i += 2)
                {
                    BinaryPrimitives.WriteInt16LittleEndian(bytes.AsSpan(i), (short)((3000 * Math.Sin(i / 50.0)) + random.Next(-40, 40)));
                }
                Head(bytes, "RIFF\0\0\0\0WAVEfmt "u8);
                break;
            case Format.Pdf:
                random.NextBytes(bytes);
                Write(bytes.AsSpan(0, Math.Min(length, 600)), 0, Format.Text, random);
                Head(bytes, "%PDF-1.7\n"u8);
                break;
            case Format.Coded:
                var raw = new byte[(length / 4 * 3) + 3];
                random.NextBytes(raw);
                Encoding.ASCII.GetBytes(Convert.ToBase64String(raw))[..length].CopyTo(bytes, 0);
                break;
            default:
                random.NextBytes(bytes);
                Head(bytes, HeadOf(format));
                break;
        }
        SimulatedEnds.Write(format, bytes);
        return bytes;
    }

    /// <summary>What a person's edit makes of it: documents in archives are written anew, everything else changes at a place.</summary>
    public static byte[] Edit(Format format, byte[] content, Random random)
    {
        switch (format)
        {
            case Format.Docx or Format.Xlsx or Format.Zip or Format.SevenZip or Format.SealedSevenZip or Format.SealedZip or Format.Jpeg or Format.Png or Format.Gpg or Format.Kdbx or Format.Mp4:
                return Make(format, Math.Max(200, content.Length + random.Next(-200, 400)), random);
            case Format.Sqlite:
                var pages = (byte[])content.Clone();
                Structure(pages.AsSpan(pages.Length / 2, Math.Min(512, pages.Length / 2)), random);
                return pages;
            case Format.Opaque or Format.Wav or Format.Pdf:
                var longer = new byte[content.Length + random.Next(10, 300)];
                content.CopyTo(longer, 0);
                random.NextBytes(longer.AsSpan(content.Length));
                SimulatedEnds.Write(format, longer);
                return longer;
            default:
                var insert = new byte[random.Next(20, 400)];
                Write(insert, 0, format, random);
                var at = random.Next(content.Length + 1);
                return [.. content[..at], .. insert, .. content[at..]];
        }
    }

    private static ReadOnlySpan<byte> HeadOf(Format format) => format switch
    {
        Format.Docx or Format.Xlsx or Format.Zip => "PK\x03\x04\x14\0\x06\0\b\0"u8, Format.Jpeg => [0xFF, 0xD8, 0xFF, 0xE0, 0, 16, (byte)'J', (byte)'F', (byte)'I', (byte)'F', 0],
        // The first entry of an archive is often a folder, whose flags tell of no password.
        Format.SealedZip => "PK\x03\x04\x0A\0\0\0\0\0"u8,
        Format.Png => [0x89, (byte)'P', (byte)'N', (byte)'G', 13, 10, 26, 10], Format.Mp4 => [0, 0, 0, 24, (byte)'f', (byte)'t', (byte)'y', (byte)'p', (byte)'i', (byte)'s', (byte)'o', (byte)'m'],
        Format.Gpg => [0x85, 1, 0x0C, 3], Format.Kdbx => [0x03, 0xD9, 0xA2, 0x9A, 0x67, 0xFB, 0x4B, 0xB5], _ => [],
    };

    private static void Head(byte[] bytes, ReadOnlySpan<byte> head) => head[..Math.Min(head.Length, bytes.Length)].CopyTo(bytes);

    private static void Structure(Span<byte> bytes, Random random)
    {
        for (var i = 0; i + 8 <= bytes.Length; i += 8)
        {
            BinaryPrimitives.WriteInt32LittleEndian(bytes[i..], i / 8);
            BinaryPrimitives.WriteInt32LittleEndian(bytes[(i + 4)..], random.Next(1000));
        }
    }

    private static void Write(Span<byte> bytes, int from, Format format, Random random)
    {
        for (var at = from; at < bytes.Length;)
        {
            var word = Words[random.Next(Words.Length)];
            var text = format switch
            {
                Format.Csv => $"{random.Next(100000)},{word},{random.Next(100)}.{random.Next(10)}\n", Format.Xml => $"<{word} id=\"{random.Next(1000)}\">{word}</{word}>\n",
                Format.Code => random.Next(8) == 0 ? $"{word}({random.Next(100)});\n    " : $"{word} ", _ => random.Next(12) == 0 ? $"{word}.\n" : $"{word} ",
            };
            var ascii = Encoding.ASCII.GetBytes(text);
            var part = ascii.AsSpan(0, Math.Min(ascii.Length, bytes.Length - at));
            part.CopyTo(bytes[at..]);
            at += part.Length;
        }
    }
}
