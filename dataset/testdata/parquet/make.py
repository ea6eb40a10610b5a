"""Writes parquet files as data sets have them, and rows.json with what is in them. Pixels are what Pillow reads.

    python3 -m venv /tmp/v && /tmp/v/bin/pip install pyarrow==25.0.0 datasets==5.2.0 pillow==13.0.0 numpy==2.4.6
    /tmp/v/bin/python make.py
"""
import io
import json
import pathlib

import datasets
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image

here = pathlib.Path(__file__).parent
rng = np.random.default_rng(1)
rows = {}


def picture(kind='PNG'):
    """A 4×4 picture, encoded."""
    b = io.BytesIO()
    Image.fromarray(rng.integers(0, 256, (4, 4, 3), np.uint8)).save(b, kind, **({'quality': 95, 'subsampling': 0} if kind == 'JPEG' else {'lossless': True} if kind == 'WEBP' else {}))
    return b.getvalue()


def pixels(data):
    return None if data is None else Image.open(io.BytesIO(data)).convert('RGB').tobytes().hex()


def wrote(name, images, captions, **more):
    """Notes the rows of a file: captions are a string, a list, or null."""
    rows[name] = dict(rows=[dict(pixels=pixels(i), jpeg=i is not None and i[:2] == b'\xff\xd8', captions=c) for i, c in zip(images, captions)], **more)


# As the library datasets writes a set that is pushed to the hub: struct{bytes, path}, an index of the pages, a split in each file's name.
kinds = ['PNG', 'JPEG', 'WEBP', 'PNG']
for name, n in {'hub/train-00000-of-00002': 4, 'hub/train-00001-of-00002': 4, 'hub/test-00000-of-00001': 2}.items():
    images, captions = [picture(k) for k in kinds[:n]], [f'{name[4:9].strip("-")} {name[-12:-9]} {i}' for i in range(n)]
    captions[0] = 'à côté\nd’une ligne' if name.endswith('1-of-00002') else captions[0]
    set_ = datasets.Dataset.from_dict(
        dict(image=[dict(bytes=b, path=f'{i}.png') for i, b in enumerate(images)], caption=captions, label=[i % 2 for i in range(n)]),
        features=datasets.Features(image=datasets.Image(), caption=datasets.Value('string'), label=datasets.ClassLabel(names=['a', 'b'])))
    (here / 'hub').mkdir(exist_ok=True)
    set_.to_parquet(here / f'{name}.parquet')
    wrote(name, images, captions)

# Plain bytes and captions in a dictionary, nulls among them; snappy, several row groups of several pages, and no index of the pages.
images = [picture() for _ in range(10)]
images[7] = images[2]
captions = ['a cat', 'a dog', None, 'a cat', 'a dog', 'a cat', '', 'a cat', 'a dog', 'a cat']
table = pa.table(dict(picture=pa.array(images, pa.binary()), words=pa.array(captions).dictionary_encode(), url=[f'https://example.org/{i}' for i in range(10)]))
pq.write_table(table, here / 'snappy.parquet', compression='snappy', row_group_size=4, data_page_size=1, write_batch_size=2, use_dictionary=['picture', 'words'])
wrote('snappy', images, captions, image='picture', text='words')

# Several captions in a list, none, and null ones; zstd, pages of version 2, with an index.
images = [picture() for _ in range(9)]
lists = [['a', 'b'], [], None, ['c'], [None], ['d', None, 'e'], [''], ['f', ' '], ['g']]
struct = pa.array([dict(bytes=b, path=None) for b in images], pa.struct([('bytes', pa.large_binary()), ('path', pa.string())]))
table = pa.table(dict(image=struct, captions=pa.array(lists, pa.list_(pa.large_string())), json=pa.array([dict(caption=f'nested {i}', score=.5) for i in range(9)])))
pq.write_table(table, here / 'zstd.parquet', compression='zstd', row_group_size=5, data_page_size=1, write_batch_size=2, data_page_version='2.0', use_dictionary=False, write_page_index=True)
wrote('zstd', images, lists, nested='json.caption')

# Pictures that are in the file, named, and nowhere; no compression, one page.
images = [picture(), None, None, None]
struct = pa.array([dict(bytes=images[0], path='ignored.png'), dict(bytes=None, path='absent.png'), dict(bytes=None, path=None), dict(bytes=None, path='cmyk.jpg')],
                  pa.struct([('bytes', pa.binary()), ('path', pa.string())]))
pq.write_table(pa.table(dict(image=struct, text=['inside', 'absent', 'nowhere', 'beside'])), here / 'partly.parquet', compression='none')
wrote('partly', images, ['inside', 'absent', 'nowhere', 'beside'])

(here / 'rows.json').write_text(json.dumps(rows, ensure_ascii=False, indent=1) + '\n')
