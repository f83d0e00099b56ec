using System.Buffers;
using System.Globalization;
using System.Security;
using System.Text.Encodings.Web;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using StingBackup.Engine.Basics;

namespace StingBackup.Engine.Jobs.Logging;

/// <summary>Writes one entry as one line of JSON, without secrets.</summary>
internal sealed class LogLine(SecretWatch secrets)
{
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The line with its end, as UTF-8.</summary>
    public void Write(
        IBufferWriter<byte> target, DateTimeOffset time, LogLevel level, string command, string? backupId, string category, string message,
        IReadOnlyList<KeyValuePair<string, object?>> properties, Exception? exception)
    {
        using (var json = new Utf8JsonWriter(target, Options))
        {
            json.WriteStartObject();
            json.WriteString("time", time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture));
            json.WriteString("level", LevelOf(level).ToString());
            json.WriteString("command", command);
            if (backupId is not null)
            {
                json.WriteString("backup_id", backupId);
            }
            json.WriteString("category", category);
            var clean = secrets.Clean(WithoutNamedSecrets(message, properties));
            json.WriteString("message", clean);
            WriteProperties(json, properties, message, clean);
            if (exception is not null)
            {
                WriteException(json, exception);
            }
            json.WriteEndObject();
        }
        target.Write("\n"u8);
    }

    /// <summary>Our levels: trace counts as debug, critical as error.</summary>
    private static LogEntryLevel LevelOf(LogLevel level) => level switch
    {
        LogLevel.Trace or LogLevel.Debug => LogEntryLevel.Debug,
        LogLevel.Warning => LogEntryLevel.Warning,
        LogLevel.Error or LogLevel.Critical => LogEntryLevel.Error,
        _ => LogEntryLevel.Information,
    };

    /// <summary>A message holds its values already: what a property's name says is a secret goes from the message too.</summary>
    private static string WithoutNamedSecrets(string message, IReadOnlyList<KeyValuePair<string, object?>> properties)
    {
        foreach (var (name, value) in properties)
        {
            if (Redaction.IsSecretName(name) && Plain(value) is { Length: > 0 } text)
            {
                message = message.Replace(text, Redaction.Mark, StringComparison.Ordinal);
            }
        }
        return message;
    }

    private void WriteProperties(Utf8JsonWriter json, IReadOnlyList<KeyValuePair<string, object?>> properties, string message, string clean)
    {
        var begun = false;
        foreach (var (name, value) in properties)
        {
            if (name == "{OriginalFormat}")
            {
                continue;
            }
            if (!begun)
            {
                json.WriteStartObject("properties");
                begun = true;
            }
            // What had to leave the message ("password={Text}") leaves the properties too.
            var text = Plain(value);
            var left = text.Length > 0 && message.Contains(text, StringComparison.Ordinal) && !clean.Contains(text, StringComparison.Ordinal);
            json.WriteString(name, left || Redaction.IsSecretName(name) ? Redaction.Mark : secrets.Clean(text));
        }
        if (begun)
        {
            json.WriteEndObject();
        }
    }

    private void WriteException(Utf8JsonWriter json, Exception exception)
    {
        json.WriteStartObject("error");
        if (exception is StingException known)
        {
            json.WriteString("id", known.ErrorId);
            json.WriteString("kind", known.Kind.ToString());
            if (known.Target is not null)
            {
                json.WriteString("target", secrets.Clean(known.Target));
            }
            json.WriteString("remedy", secrets.Clean(known.Remedy));
        }
        json.WriteString("detail", secrets.Clean(exception.ToString()));
        json.WriteEndObject();
    }

    /// <summary>A value as text, alike in every culture. Bytes and secure strings never show what they hold.</summary>
    private static string Plain(object? value) => value switch
    {
        null => "",
        byte[] bytes => string.Create(CultureInfo.InvariantCulture, $"({bytes.Length} bytes)"),
        ReadOnlyMemory<byte> bytes => string.Create(CultureInfo.InvariantCulture, $"({bytes.Length} bytes)"),
        Memory<byte> bytes => string.Create(CultureInfo.InvariantCulture, $"({bytes.Length} bytes)"),
        SecureString => Redaction.Mark,
        string text => text,
        DateTimeOffset time => time.ToString("O", CultureInfo.InvariantCulture),
        DateTime time => time.ToString("O", CultureInfo.InvariantCulture),
        IFormattable formattable => formattable.ToString(null, CultureInfo.InvariantCulture),
        System.Collections.IEnumerable many => string.Join(", ", many.Cast<object?>().Select(Plain)),
        _ => value.ToString() ?? "",
    };
}
