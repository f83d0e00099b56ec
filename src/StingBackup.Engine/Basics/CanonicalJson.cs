using System.Buffers;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace StingBackup.Engine.Basics;

/// <summary>
/// JSON with one spelling for each value: no white space, properties in the order of their UTF-8 bytes, the last of two with one name, numbers as they came, strings
/// in UTF-8 with the shortest escapes and those only where JSON wants them. So the same value gives the same bytes, on every version of every library.
/// </summary>
internal static class CanonicalJson
{
    /// <summary>Writes a value.</summary>
    /// <param name="value">The value.</param>
    /// <param name="target">Takes the bytes.</param>
    /// <param name="replace">Asked for every string, with its UTF-8 text: true when it took the string over, and <c>null</c> is written in its place.</param>
    /// <param name="fill">Asked for every <c>null</c>: true when it wrote something else in its place.</param>
    public static void Write(JsonElement value, IBufferWriter<byte> target, StringTaker? replace = null, NullFiller? fill = null) => new Writer(target, replace, fill).Write(value);

    /// <summary>The bytes of a value.</summary>
    public static byte[] ToBytes(JsonElement value)
    {
        var target = new ArrayBufferWriter<byte>();
        Write(value, target);
        return target.WrittenSpan.ToArray();
    }

    /// <summary>Writes a string with its quotes.</summary>
    public static void WriteString(ReadOnlySpan<byte> utf8, IBufferWriter<byte> target)
    {
        target.Write("\""u8);
        while (utf8.Length > 0)
        {
            var plain = utf8.IndexOfAny(Special);
            target.Write(plain < 0 ? utf8 : utf8[..plain]);
            if (plain < 0)
            {
                break;
            }
            WriteEscape(utf8[plain], target);
            utf8 = utf8[(plain + 1)..];
        }
        target.Write("\""u8);
    }

    private static readonly SearchValues<byte> Special = SearchValues.Create([.. Enumerable.Range(0, 32).Select(i => (byte)i), (byte)'"', (byte)'\\']);

    private static void WriteEscape(byte c, IBufferWriter<byte> target)
    {
        target.Write(c switch
        {
            (byte)'"' => "\\\""u8,
            (byte)'\\' => "\\\\"u8,
            (byte)'\b' => "\\b"u8,
            (byte)'\f' => "\\f"u8,
            (byte)'\n' => "\\n"u8,
            (byte)'\r' => "\\r"u8,
            (byte)'\t' => "\\t"u8,
            _ => "\\u00"u8,
        });
        if (c is not ((byte)'"' or (byte)'\\' or (byte)'\b' or (byte)'\f' or (byte)'\n' or (byte)'\r' or (byte)'\t'))
        {
            const string digits = "0123456789abcdef";
            target.Write([(byte)digits[c >> 4], (byte)digits[c & 15]]);
        }
    }

    /// <summary>Asked whether it takes a string over.</summary>
    /// <param name="path">Where it stands: names and indexes from the root on.</param>
    /// <param name="utf8">Its text.</param>
    public delegate bool StringTaker(IReadOnlyList<string> path, ReadOnlySpan<byte> utf8);

    /// <summary>Asked whether it writes something in the place of a null.</summary>
    /// <param name="path">Where it stands: names and indexes from the root on.</param>
    /// <param name="target">Takes canonical JSON.</param>
    public delegate bool NullFiller(IReadOnlyList<string> path, IBufferWriter<byte> target);

    private sealed class Writer(IBufferWriter<byte> target, StringTaker? replace, NullFiller? fill)
    {
        private readonly List<string> _path = [];

        public void Write(JsonElement value)
        {
            switch (value.ValueKind)
            {
                case JsonValueKind.Object: WriteObject(value); break;
                case JsonValueKind.Array: WriteArray(value); break;
                case JsonValueKind.String: WriteText(JsonMarshal.GetRawUtf8Value(value)); break;
                case JsonValueKind.Null when fill is not null && fill(_path, target): break;
                default: target.Write(JsonMarshal.GetRawUtf8Value(value)); break;
            }
        }

        private void WriteObject(JsonElement value)
        {
            var properties = new SortedDictionary<byte[], JsonProperty>(Comparer<byte[]>.Create(static (a, b) => a.AsSpan().SequenceCompareTo(b)));
            foreach (var property in value.EnumerateObject())
            {
                properties[System.Text.Encoding.UTF8.GetBytes(property.Name)] = property;
            }
            var first = true;
            target.Write("{"u8);
            foreach (var (name, property) in properties)
            {
                target.Write(first ? default : ","u8);
                first = false;
                WriteString(name, target);
                target.Write(":"u8);
                _path.Add(property.Name);
                Write(property.Value);
                _path.RemoveAt(_path.Count - 1);
            }
            target.Write("}"u8);
        }

        private void WriteArray(JsonElement value)
        {
            var index = 0;
            target.Write("["u8);
            foreach (var item in value.EnumerateArray())
            {
                target.Write(index == 0 ? default : ","u8);
                _path.Add(index++.ToString(System.Globalization.CultureInfo.InvariantCulture));
                Write(item);
                _path.RemoveAt(_path.Count - 1);
            }
            target.Write("]"u8);
        }

        /// <summary>Most strings, all of base64 among them, hold no escape: their text is taken where it stands.</summary>
        private void WriteText(ReadOnlySpan<byte> quoted)
        {
            var raw = quoted[1..^1];
            if (!raw.Contains((byte)'\\'))
            {
                WriteOrGive(raw);
                return;
            }
            var text = ArrayPool<byte>.Shared.Rent(raw.Length);
            try
            {
                var reader = new Utf8JsonReader(quoted);
                reader.Read();
                WriteOrGive(text.AsSpan(0, reader.CopyString(text)));
            }
            finally
            {
                ArrayPool<byte>.Shared.Return(text, clearArray: true);
            }
        }

        private void WriteOrGive(ReadOnlySpan<byte> text)
        {
            if (replace is not null && replace(_path, text))
            {
                target.Write("null"u8);
            }
            else
            {
                WriteString(text, target);
            }
        }
    }
}
