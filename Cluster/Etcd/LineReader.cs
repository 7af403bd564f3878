using System.Buffers;
using System.IO.Pipelines;

namespace ActorRaid.Cluster.Etcd;

/// <summary>Lines of a stream, none longer than a limit.</summary>
/// <param name="stream">The stream.</param>
/// <param name="limit">The longest line in bytes.</param>
internal sealed class LineReader(Stream stream, int limit)
{
    private readonly PipeReader _pipe = PipeReader.Create(stream, new StreamPipeReaderOptions(bufferSize: 65536));
    private SequencePosition? _consumed;
    private long _seen;

    /// <summary>The next line that is not empty, valid until the next call; the rest at the stream's end; empty: there is no more.</summary>
    internal async Task<ReadOnlySequence<byte>> Next(CancellationToken cancel)
    {
        while (true)
        {
            if (_consumed is { } consumed)
            {
                _pipe.AdvanceTo(consumed);
                _consumed = null;
            }
            var read = await _pipe.ReadAsync(cancel).ConfigureAwait(false);
            var end = read.Buffer.Slice(_seen).PositionOf((byte)'\n');
            if (end is null && !read.IsCompleted)
            {
                if (read.Buffer.Length > limit)
                    throw new EtcdException(EtcdFault.BadAnswer, $"an answer of more than {limit >> 20} MiB: it is not read on");
                // What was looked at is not looked at again: long lines come in small pieces.
                _seen = read.Buffer.Length;
                _pipe.AdvanceTo(read.Buffer.Start, read.Buffer.End);
                continue;
            }
            _seen = 0;
            var line = end is null ? read.Buffer : read.Buffer.Slice(0, end.Value);
            _consumed = end is null ? read.Buffer.End : read.Buffer.GetPosition(1, end.Value);
            if (line.Length > limit)
                throw new EtcdException(EtcdFault.BadAnswer, $"an answer of more than {limit >> 20} MiB: it is not used");
            if (!line.IsEmpty || end is null)
                return line;
        }
    }
}
