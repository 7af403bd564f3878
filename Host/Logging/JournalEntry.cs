using System.Buffers.Binary;
using System.Text;

namespace ActorRaid.Host.Logging;

/// <summary>
/// A datagram of journald's native protocol (systemd's documentation, "Native Journal Protocol"): fields one after the
/// other, each <c>NAME=value\n</c>, or, when the value holds a line end, <c>NAME\n</c>, its length as 64 bits
/// little-endian, the value, <c>\n</c>.
/// </summary>
internal sealed class JournalEntry
{
    private byte[] _bytes = new byte[1024];
    private int _length;

    /// <summary>What was written since <see cref="Clear"/>.</summary>
    internal ReadOnlySpan<byte> Bytes => _bytes.AsSpan(0, _length);

    /// <summary>Begins anew, keeping the buffer.</summary>
    internal void Clear() => _length = 0;

    /// <summary>Adds a field. Names are upper-case letters, digits and underscores.</summary>
    internal void Add(string name, string value)
    {
        var size = Encoding.UTF8.GetByteCount(value);
        var room = name.Length + size + 10;
        if (_bytes.Length - _length < room)
            Array.Resize(ref _bytes, Math.Max(_bytes.Length * 2, _length + room));
        _length += Encoding.ASCII.GetBytes(name, _bytes.AsSpan(_length));
        if (value.Contains('\n'))
        {
            _bytes[_length++] = (byte)'\n';
            BinaryPrimitives.WriteUInt64LittleEndian(_bytes.AsSpan(_length), (ulong)size);
            _length += 8;
        }
        else
        {
            _bytes[_length++] = (byte)'=';
        }
        _length += Encoding.UTF8.GetBytes(value, _bytes.AsSpan(_length));
        _bytes[_length++] = (byte)'\n';
    }
}
