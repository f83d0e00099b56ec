using System.Text.Json;

namespace StingBackup.Engine.Reserve;

/// <summary>Reads JSON: an array of objects, or an object with such an array as <c>users</c>. Keys are those of the CSV's columns; others are passed over.</summary>
internal static class UsersMapJson
{
    public static void Read(ReadOnlySpan<byte> json, UsersMapRows rows)
    {
        var reader = new Utf8JsonReader(json, new JsonReaderOptions { AllowTrailingCommas = true, CommentHandling = JsonCommentHandling.Skip });
        try
        {
            if (!reader.Read() || !EnterArray(ref reader))
            {
                rows.Error(LineAt(json, reader.TokenStartIndex), "neither an array of people nor an object with one as 'users'");
                return;
            }
            var line = 1;
            long counted = 0;
            while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
            {
                line += json[(int)counted..(int)reader.TokenStartIndex].Count((byte)'\n');
                counted = reader.TokenStartIndex;
                if (reader.TokenType != JsonTokenType.StartObject)
                {
                    rows.Error(line, "a person is written as an object");
                    reader.Skip();
                    continue;
                }
                if (ReadRow(ref reader, rows, line) is { } row)
                {
                    rows.Add(row, line);
                }
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // InvalidOperationException: a string that is not UTF-8.
            rows.Error(LineAt(json, reader.TokenStartIndex), $"this is not JSON: {e.Message}");
        }
    }

    private static bool EnterArray(ref Utf8JsonReader reader)
    {
        if (reader.TokenType == JsonTokenType.StartArray)
        {
            return true;
        }
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            return false;
        }
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var isUsers = reader.ValueTextEquals("users"u8);
            reader.Read();
            if (isUsers)
            {
                return reader.TokenType == JsonTokenType.StartArray;
            }
            reader.Skip();
        }
        return false;
    }

    private static Dictionary<string, string>? ReadRow(ref Utf8JsonReader reader, UsersMapRows rows, int line)
    {
        var row = new Dictionary<string, string>(StringComparer.Ordinal);
        var sound = true;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var column = reader.GetString()!;
            reader.Read();
            var wanted = UsersMapRows.Columns.Contains(column);
            if (wanted && reader.TokenType is JsonTokenType.String or JsonTokenType.Number)
            {
                var text = reader.TokenType == JsonTokenType.String ? reader.GetString()! : System.Text.Encoding.UTF8.GetString(reader.ValueSpan);
                if (!row.TryAdd(column, text))
                {
                    rows.Error(line, $"'{column}' stands twice in one object");
                    sound = false;
                }
            }
            else
            {
                if (wanted && reader.TokenType != JsonTokenType.Null)
                {
                    rows.Error(line, $"'{column}' is neither text nor a number");
                    sound = false;
                }
                reader.Skip();
            }
        }
        return sound ? row : null;
    }

    private static int LineAt(ReadOnlySpan<byte> json, long index) => 1 + json[..(int)Math.Min(index, json.Length)].Count((byte)'\n');
}
